"""Logging: one JSON object a line, with the ids of the request and the trace it belongs to.

The line that every request gets does not go through `logging`, where it would cost several times as much (see
docs/observability.md). It waits up to 50 ms, to be written together with others, and never comes behind a later record.
"""

import asyncio
import json
import logging
import sys
import time
from collections import deque
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Final, TextIO

from chassis import context
from chassis.context import RequestContext
from chassis.settings import ProcessSettings

# Attributes every LogRecord has; whatever else it carries came in through `extra` and is a field of its own.
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_WRITTEN_WITHIN_S: Final = 0.05

Fields = dict[str, str | int]
Render = Callable[[RequestContext, float], str]
"""Makes the line of a request that took so many seconds."""


class _Clock:
    """Tells a time to the millisecond; what is the same for a second is put into words once a second."""

    def __init__(self, pattern: str, convert: Callable[[float], time.struct_time]) -> None:
        self._pattern = pattern
        self._convert = convert
        self._known = 0, ""

    def text(self, now: float) -> str:
        second, text = self._known
        if int(now) != second:
            second, text = self._known = int(now), time.strftime(self._pattern, self._convert(now))
        return f"{text}{int((now - second) * 1000):03d}"


class JsonFormatter(logging.Formatter):
    """Renders a record as a JSON object: time, level, logger, message, service instance, ids, extra fields."""

    def __init__(self, instance_name: str) -> None:
        super().__init__()
        self._instance_name = instance_name
        self._clock = _Clock("%Y-%m-%dT%H:%M:%S.", time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": f"{self._clock.text(record.created)}Z",
            "level": record.levelname,
            "logger": record.name,
            "instance": self._instance_name,
            "message": record.getMessage(),
        }
        request = context.current()
        if request.request_id:
            entry["request_id"] = request.request_id
        if request.span is not None:
            entry["trace_id"] = request.span.trace_id
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        for key, value in vars(record).items():
            if key not in _STANDARD:
                entry.setdefault(key, value)
        return json.dumps(entry, default=str)

    def renderer(self, logger: str, level: str, message: str, fields: Fields) -> Render:
        """For lines that have all this in common."""
        entry = {"level": level, "logger": logger, "instance": self._instance_name} | fields | {"message": message}
        begin, clock = json.dumps(entry)[1:-2], self._clock

        def render(request: RequestContext, seconds: float) -> str:
            duration = f"{seconds * 1000:.3f}"
            trace_id = request.span.trace_id if request.span is not None else ""
            return (
                f'{{"time": "{clock.text(time.time())}Z", {begin} {duration} ms", "duration_ms": {duration}, '
                f'"request_id": {encode_basestring_ascii(request.request_id)}, "trace_id": "{trace_id}"}}\n'
            )

        return render


class TextFormatter(logging.Formatter):
    """Renders a record for people: time, level, logger, message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._clock = _Clock("%Y-%m-%d %H:%M:%S,", time.localtime)

    def format(self, record: logging.LogRecord) -> str:
        request_id = context.current_request_id()
        # Before a stack trace, which ends a record.
        first, newline, rest = super().format(record).partition("\n")
        return f"{first} [{request_id}]{newline}{rest}" if request_id else f"{first}{newline}{rest}"

    def renderer(self, logger: str, level: str, message: str, _: Fields) -> Render:
        begin, clock = f"{level:7} {logger}: {message}", self._clock

        def render(request: RequestContext, seconds: float) -> str:
            return f"{clock.text(time.time())} {begin} {seconds * 1000:.3f} ms [{request.request_id}]\n"

        return render


class _Output(logging.StreamHandler[TextIO]):
    """Writes records at once, and the lines of requests soon: they wait for others, for a record, or for the end."""

    def __init__(self, formatter: JsonFormatter | TextFormatter) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(formatter)
        self.renderer = formatter.renderer
        self._waiting: deque[str] = deque()

    def write_soon(self, line: str) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(_WRITTEN_WITHIN_S, self.flush)
        self._waiting.append(line)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._waiting.append(f"{self.format(record)}\n")
            self.flush()
        except Exception:  # a log that cannot be written is no reason to fail, as for every handler
            self.handleError(record)

    def flush(self) -> None:
        """Called by `logging` when the process ends, too."""
        self.acquire()  # records come from any thread
        try:
            self.stream.write("".join([self._waiting.popleft() for _ in range(len(self._waiting))]))
            super().flush()
        finally:
            self.release()


_output: _Output | None = None


def set_up(settings: ProcessSettings) -> None:
    """Send every log record of this process to stderr in the configured format."""
    global _output  # noqa: PLW0603 - as the root logger is one of the process
    _output = _Output(JsonFormatter(settings.instance_name) if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[_output], force=True)


class RequestLine:
    """The line of all requests that ended alike: of one route or RPC with one status, which are in `fields`.

    One that failed by our fault is a warning and written at once. The others are information, or debugging when they
    are `minor`.
    """

    def __init__(
        self, logger: logging.Logger, message: str, fields: Fields, *, failed: bool = False, minor: bool = False
    ) -> None:
        self._logger = logger
        self._message = message
        self._fields = fields
        self._level = logging.WARNING if failed else logging.DEBUG if minor else logging.INFO
        self._render: Render | None = None
        if _output is not None and not failed:
            self._render = _output.renderer(logger.name, logging.getLevelName(self._level), message, fields)

    def write(self, request: RequestContext, seconds: float) -> None:
        if not self._logger.isEnabledFor(self._level):
            return
        if _output is not None and self._render is not None:
            _output.write_soon(self._render(request, seconds))
        else:
            fields = self._fields | {"duration_ms": round(seconds * 1000, 3)}
            self._logger.log(self._level, "%s %.3f ms", self._message, seconds * 1000, extra=fields)
