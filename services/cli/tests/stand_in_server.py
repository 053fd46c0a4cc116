"""The stand-in shop on a real socket, with the faults a network and a gateway can have."""

import json
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .stand_in_routes import answer
from .stand_in_shop import Request, Shop


@dataclass(frozen=True)
class Canned:
    """An answer sent in place of the shop's own."""

    status: int
    body: bytes
    content_type: str = "application/json"


LOSE_REQUEST = "the connection breaks before the shop has acted"
LOSE_ANSWER = "the connection breaks after the shop has acted"
HANG = "the shop keeps the visitor waiting"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shop: Shop

    def do(self):
        request = self._read()
        fault = self.shop.faults.popleft() if self.shop.faults else None
        if fault == HANG:
            self.shop.arrived.set()
            self.shop.released.wait(30)
        if isinstance(fault, Canned):
            self._send(fault)
        elif fault in (LOSE_REQUEST, HANG):
            self.close_connection = True
        else:
            self._act(request, lose_answer=fault == LOSE_ANSWER)

    do_GET = do_POST = do_PATCH = do_DELETE = do  # noqa: N815 - the base class looks for these names

    def _read(self):
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query, headers = parse_qs(url.query), dict(self.headers.items())
        request = Request(self.command, url.path, query, headers, json.loads(body or b"null"))
        self.shop.requests.append(request)
        return request

    def _act(self, request, *, lose_answer):
        status, document = answer(self.shop, request)
        if lose_answer:
            self.close_connection = True
        else:
            self._send(Canned(status, b"" if document is None else json.dumps(document).encode()))

    def _send(self, answer):
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Visitors may leave in the middle of an answer; anything else is a fault of the stand-in."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
