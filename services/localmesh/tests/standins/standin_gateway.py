"""A stand-in gateway: ``/readyz`` is ready, ``/environment`` tells what it was given."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = (
            json.dumps(dict(os.environ)).encode()
            if self.path == "/environment"
            else b'{"status": "ready", "dependencies": {"shelf": "up"}}'
        )
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer((os.environ["LISTEN_HOST"], int(os.environ["HTTP_PORT"])), Handler).serve_forever()
