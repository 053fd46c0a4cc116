import json
import logging
import sys
from collections.abc import Iterator

import pytest

from chassis import logs
from chassis.context import RequestContext
from chassis.settings import ProcessSettings

logger = logging.getLogger("chassis.test")


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


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


def test_the_formatter_stands_alone():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "hello", None, sys.exc_info())

    assert json.loads(logs.JsonFormatter("x-1").format(record))["message"] == "hello"
