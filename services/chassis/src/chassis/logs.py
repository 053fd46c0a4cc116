"""Logging: one JSON object a line, with the ids of the request and the trace it belongs to."""

import json
import logging
import sys
import time

from chassis import context
from chassis.settings import ProcessSettings
from chassis.tracing import Span

# Attributes every LogRecord has; whatever else it carries came in through `extra` and is a field of its own.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Renders a record as a JSON object: time, level, logger, message, service instance, request id, extra fields."""

    def __init__(self, instance_name: str) -> None:
        super().__init__()
        self._instance_name = instance_name

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "instance": self._instance_name,
            "message": record.getMessage(),
        }
        request = context.current()
        if request.request_id:
            entry["request_id"] = request.request_id
        if request.span is not None:
            entry["trace_id"] = f"{request.span.trace_id:032x}"
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        for key, value in vars(record).items():
            if key not in _STANDARD:
                entry.setdefault(key, value)
        return json.dumps(entry, default=str)


def level_of_request(span: Span | None, *, failed: bool) -> int:
    """Of the one line a request gets: a warning when it failed, information when its trace is sampled, else debugging.

    So the usual level shows as many requests as are traced, and the others cost nothing.
    """
    if failed:
        return logging.WARNING
    return logging.INFO if span is not None and span.is_sampled else logging.DEBUG


def set_up(settings: ProcessSettings) -> None:
    """Send every log record of this process to stderr in the configured format."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(JsonFormatter(settings.instance_name))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
