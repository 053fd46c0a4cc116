"""An album store that is right but for its lies, for users who must see through them."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Store(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, lies):
        super().__init__(("127.0.0.1", 0), Requests)
        self.lies = lies
        self.albums = []
        self.reads = 0
        # One request at a time: what users see must follow from the lies alone.
        self.turn = threading.Lock()


class Album:
    def __init__(self, body):
        boundary = body[: body.index(b"\r\n")]
        contents = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in body.split(boundary)[1:-1]]
        self.image, profile = contents
        self.profile = json.loads(profile)
        self.votes = {"like": set(), "dislike": set()}

    @property
    def counts(self):
        return {f"{verb}s": len(keys) for verb, keys in self.votes.items()}


class Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.server.turn:
            if self.path == "/albums":
                self._upload(Album(body))
            else:
                _, _, verb, number = self.path.split("/")
                if "votes are lost" not in self.server.lies or len(self._votes(number, verb)) < 2:
                    self._votes(number, verb).add(self.headers["idempotency-key"])
                self._answer(201, {"albumID": number, "vote": verb})

    def do_GET(self):
        kind, number, *image = re.findall(r"[^/]+", self.path)
        with self.server.turn:
            if not number.isdigit() or int(number) >= len(self.server.albums):
                self._answer(404, {})
                return
            album = self.server.albums[int(number)]
            if image:
                self._show_image(album)
            elif kind == "albums":
                profile = album.profile | ({"title": "other"} if "another profile" in self.server.lies else {})
                self._answer(200, profile)
            else:
                self._answer(200, self._counts(album))

    def log_message(self, *_):
        pass

    def _votes(self, number, verb):
        return self.server.albums[int(number)].votes[verb]

    def _upload(self, album):
        self.server.albums.append(album)
        size = len(album.image) - ("a shorter image" in self.server.lies)
        self._answer(201, {"albumID": str(len(self.server.albums) - 1), "imageSize": size})

    def _counts(self, album):
        self.server.reads += 1
        if "votes disappear" in self.server.lies and self.server.reads % 2:
            return {"likes": 0, "dislikes": 0}
        if "votes of others" in self.server.lies:
            return {name: count + 1 for name, count in album.counts.items()}
        return album.counts

    def _show_image(self, album):
        etag = f'"{hashlib.sha256(b"" if "another etag" in self.server.lies else album.image).hexdigest()}"'
        if self.headers.get("if-none-match") == etag:
            self._send(304, b"", etag)
        else:
            self._send(200, album.image[::-1] if "another image" in self.server.lies else album.image, etag)

    def _answer(self, status, document):
        self._send(status, json.dumps(document).encode())

    def _send(self, status, body, etag=None):
        self.send_response(status)
        if etag:
            self.send_header("etag", etag)
        if status != 304:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def lying_store(*lies) -> Iterator[str]:
    """Its URL; without lies it tells the truth."""
    with Store(lies) as store:
        serving = threading.Thread(target=store.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{store.server_port}"
        finally:
            store.shutdown()
            serving.join()
