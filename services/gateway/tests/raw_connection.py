"""A client that sends what it likes, byte by byte, and hears what the gateway says."""

import json
import socket
from contextlib import contextmanager


class RawConnection:
    def __init__(self, gateway, source="127.0.0.1"):
        self.socket = socket.create_connection(("127.0.0.1", gateway.http_port), timeout=30, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, *packets):
        """Return whether all were taken."""
        try:
            for packet in packets:
                self.socket.sendall(packet)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def heard(self):
        """Return all that comes until the gateway closes the connection."""
        heard = b""
        try:
            while data := self.socket.recv(65_536):
                heard += data
        except ConnectionResetError:
            pass
        return heard

    def answer(self):
        """Return status line and head, and the body that its length announces, and no more."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            heard += self.received(1)
        head = heard.decode()
        length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:"))
        return head, self.received(length)

    def received(self, size):
        data = b""
        while len(data) < size:
            piece = self.socket.recv(size - len(data))
            assert piece, "the gateway closed the connection"
            data += piece
        return data

    def is_open(self):
        """Return whether a request is answered."""
        try:
            return self.send(GET) and self.answer()[0].startswith("HTTP/1.1 200 ")
        except (AssertionError, ConnectionResetError):
            return False


GET = b"GET /healthz HTTP/1.1\r\nhost: shop\r\n\r\n"


@contextmanager
def connected(gateway, source="127.0.0.1"):
    connection = RawConnection(gateway, source)
    with connection.socket:
        yield connection


def problem_of(heard):
    """Return status and reason of the only answer that was heard."""
    head, _, body = heard.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert head.startswith(f"HTTP/1.1 {problem['status']} ".encode())
    assert f"x-request-id: {problem['request_id']}".encode() in head
    return problem["status"], problem["reason"]
