import asyncio
import io
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chassis import context, logs, tracing
from chassis.context import RequestContext
from chassis.logs import RequestLine
from chassis.settings import ProcessSettings
from chassis.tracing import Kind

TRACE = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE}-b7ad6b7169203331-01"

logger = logging.getLogger("chassis.test")


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, output = root.handlers[:], root.level, logs._output
    yield
    root.handlers[:], root.level, logs._output = handlers, level, output


def set_up(log_format: str = "json", level: str = "INFO") -> None:
    logs.set_up(ProcessSettings("catalog-1", "127.0.0.1", 9100, level, log_format, None))


def logged(capsys) -> dict[str, object]:
    [line] = capsys.readouterr().err.splitlines()
    return json.loads(line)


def test_a_record_is_one_json_object_on_stderr(capsys):
    set_up()

    logger.info("stock is %d", 7)

    entry = logged(capsys)
    assert entry.pop("time").endswith("Z")
    assert entry == {"level": "INFO", "logger": "chassis.test", "instance": "catalog-1", "message": "stock is 7"}


def test_a_record_carries_the_id_of_its_request(capsys, request_context: RequestContext):
    set_up()

    logger.info("hello")

    assert logged(capsys)["request_id"] == request_context.request_id


def test_what_is_given_as_extra_is_a_field_of_its_own(capsys):
    set_up()

    logger.info("listening", extra={"port": 50051, "names": ["a", "b"], "odd": object})

    entry = logged(capsys)
    assert (entry["port"], entry["names"], entry["odd"]) == (50051, ["a", "b"], "<class 'object'>")


def test_what_is_given_as_extra_does_not_replace_what_every_record_has(capsys, request_context: RequestContext):
    set_up()

    logger.info("hello", extra={"level": "x", "time": "x", "instance": "x", "logger": "x", "request_id": "x"})

    assert "x" not in logged(capsys).values()


def test_an_exception_stays_in_its_line(capsys):
    set_up()

    try:
        int("two\nlines")
    except ValueError:
        logger.exception("it failed")

    entry = logged(capsys)
    assert entry["message"] == "it failed"
    assert "Traceback" in entry["exception"]
    assert "ValueError: invalid literal" in entry["exception"]


def test_line_breaks_and_any_script_stay_in_one_line(capsys):
    set_up()

    logger.info("first\nsecond\u2028third 在庫")

    assert logged(capsys)["message"] == "first\nsecond\u2028third 在庫"


def test_the_level_is_that_of_the_settings(capsys):
    set_up(level="WARNING")

    logger.info("not this")

    assert capsys.readouterr().err == ""


def test_text_is_for_people(capsys):
    set_up("text")

    logger.warning("stock is low")

    assert capsys.readouterr().err.endswith("WARNING chassis.test: stock is low\n")


def test_text_record_ends_with_its_request_id(capsys, request_context: RequestContext):
    set_up("text")

    logger.warning("stock is low")

    assert capsys.readouterr().err.endswith(f"stock is low [{request_context.request_id}]\n")


def test_the_formatter_stands_alone():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "hello", None, sys.exc_info())

    assert json.loads(logs.JsonFormatter("x-1").format(record))["message"] == "hello"


def line_of_a_book(**kind: bool) -> RequestLine:
    return RequestLine(logger, "GET /books/{id} 200", {"route": "/books/{id}", "status": 200}, **kind)


def request(request_id: str = "request-1") -> RequestContext:
    return RequestContext(request_id, span=tracing.begin("", Kind.SERVER, SAMPLED))


async def written(capsys) -> list[str]:
    """What was written to stderr once there is something."""
    lines: list[str] = []
    while not lines:
        await asyncio.sleep(0.005)
        lines = capsys.readouterr().err.splitlines()
    return lines


async def test_a_request_has_a_line_with_both_of_its_ids(capsys):
    set_up()

    line_of_a_book().write(request(), 0.0123456)

    [line] = await written(capsys)
    entry = json.loads(line)
    assert datetime.fromisoformat(entry.pop("time")) <= datetime.now(UTC)
    assert entry == {
        "level": "INFO",
        "logger": "chassis.test",
        "instance": "catalog-1",
        "message": "GET /books/{id} 200 12.346 ms",
        "route": "/books/{id}",
        "status": 200,
        "duration_ms": 12.346,
        "request_id": "request-1",
        "trace_id": TRACE,
    }


async def test_an_id_with_quotes_and_line_breaks_stays_a_field_of_one_line(capsys):
    set_up()

    line_of_a_book().write(request('", "level": "ERROR\n\\'), 0.001)

    [line] = await written(capsys)
    assert json.loads(line)["request_id"] == '", "level": "ERROR\n\\'
    assert json.loads(line)["level"] == "INFO"


async def test_lines_of_requests_are_written_together_and_in_order(capsys):
    set_up()
    line = line_of_a_book()

    for number in range(100):
        line.write(request(str(number)), 0.001)
        assert not capsys.readouterr().err
        await asyncio.sleep(0)

    assert [json.loads(text)["request_id"] for text in await written(capsys)] == [str(n) for n in range(100)]


async def test_a_record_is_written_at_once_and_behind_the_lines_that_wait(capsys):
    set_up()

    line_of_a_book().write(request("first"), 0.001)
    context.enter(request("second"))
    logger.warning("it happened")

    assert [json.loads(text)["request_id"] for text in capsys.readouterr().err.splitlines()] == ["first", "second"]


async def test_a_failed_request_is_a_warning_and_waits_for_nobody(capsys):
    set_up()
    failed = request()
    context.enter(failed)

    line_of_a_book(failed=True).write(failed, 0.0123456)

    entry = logged(capsys)
    assert (entry["level"], entry["message"]) == ("WARNING", "GET /books/{id} 200 12.346 ms")
    assert (entry["status"], entry["duration_ms"], entry["trace_id"]) == (200, 12.346, TRACE)


@pytest.mark.parametrize(("level", "kind"), [("WARNING", {}), ("INFO", {"minor": True}), ("ERROR", {"failed": True})])
async def test_lines_below_the_level_are_not_written(capsys, level: str, kind: dict[str, bool]):
    set_up(level=level)

    line_of_a_book(**kind).write(request(), 0.001)
    logging.getLogger().handlers[0].flush()

    assert not capsys.readouterr().err


async def test_a_line_for_people_has_the_time_and_the_message(capsys):
    set_up("text")

    line_of_a_book().write(request(), 0.001)

    [line] = await written(capsys)
    assert re.fullmatch(
        r"[-\d]{10} [:\d]{8},\d{3} INFO    chassis.test: GET /books/{id} 200 1.000 ms \[request-1\]", line
    )


def test_what_waits_is_written_when_the_process_ends():
    script = """
import asyncio, logging
from chassis import logs
from chassis.context import RequestContext
from chassis.settings import ProcessSettings

async def main():
    logs.set_up(ProcessSettings("catalog-1", "127.0.0.1", 9100, "INFO", "json", None))
    logs.RequestLine(logging.getLogger("test"), "GET", {}).write(RequestContext("the last"), 0.001)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stderr)["request_id"] == "the last"


async def test_a_log_that_cannot_be_written_does_no_harm(monkeypatch):
    set_up()
    monkeypatch.setattr(logging.getLogger().handlers[0], "stream", io.StringIO())
    logging.getLogger().handlers[0].stream.close()
    monkeypatch.setattr(logging, "raiseExceptions", False)

    line_of_a_book().write(request(), 0.001)
    logger.warning("nobody hears this")
