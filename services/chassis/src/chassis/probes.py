"""The port of a process that serves nobody: `GET /metrics`, `/readyz` and `/healthz`, from a thread."""

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from chassis.settings import SettingsError

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_PLAIN: Final = ("content-type", "text/plain; charset=utf-8")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Whoever probes every second is not worth a line each time."""


def serve(host: str, port: int, is_ready: Callable[[], bool]) -> None:
    """Answer for as long as the process lives. Raises SettingsError when the port is taken."""
    try:
        server = make_server(host, port, _application(is_ready), _Server, _QuietHandler)
    except OSError:
        raise SettingsError(f"METRICS_PORT: cannot listen on {host}:{port}, is it taken?") from None
    threading.Thread(target=server.serve_forever, daemon=True).start()


def _application(is_ready: Callable[[], bool]) -> "WSGIApplication":
    metrics: WSGIApplication = make_wsgi_app()

    def answer(environment: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        match environment["PATH_INFO"]:
            case "/metrics":
                return metrics(environment, start_response)
            case "/healthz":
                status, text = HTTPStatus.OK, b"alive\n"
            case "/readyz" if is_ready():
                status, text = HTTPStatus.OK, b"ready\n"
            case "/readyz":
                status, text = HTTPStatus.SERVICE_UNAVAILABLE, b"not ready\n"
            case _:
                status, text = HTTPStatus.NOT_FOUND, b"here are /metrics, /readyz and /healthz\n"
        # A list of its own each time: the server adds the length to it.
        start_response(f"{status.value} {status.phrase}", [_PLAIN])
        return [text]

    return answer
