"""Free TCP ports on the loopback address, outside the range the kernel hands out to clients."""

import errno
import hashlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from localmesh.errors import StartupError

HOST = "127.0.0.1"
FIRST_PORT = 20_000
BLOCK_SIZE = 128
BLOCKS = 93


class PortBlock:
    """A run of ports that belongs to whoever listens on its first one.

    The search begins where the name of the state directory says: the same mesh gets the same ports again, and two
    meshes that start at the same moment cannot choose the same ones.
    """

    def __init__(self, owner: Path) -> None:
        self._claim, first = _claim_block(owner)
        self._candidates = iter(range(first + 1, first + BLOCK_SIZE))

    def take(self) -> int:
        for port in self._candidates:
            if is_free(port):
                return port
        raise StartupError(f"no free port left of the {BLOCK_SIZE} of this mesh: ask for fewer replicas")

    def close(self) -> None:
        self._claim.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def is_free(port: int) -> bool:
    try:
        _listen(port).close()
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            return False
        raise
    return True


def holder_of(port: int) -> str:
    """Who listens there, as far as this user may know."""
    try:
        pids = [
            found.pid
            for found in psutil.net_connections("tcp")
            if found.laddr[1:] == (port,) and found.status == "LISTEN"
        ]
        return next(f"{psutil.Process(pid).name()} (pid {pid})" for pid in pids if pid)
    except (psutil.Error, StopIteration):
        return "another program"


def _claim_block(owner: Path) -> tuple[socket.socket, int]:
    start = int.from_bytes(hashlib.sha256(str(owner.resolve()).encode()).digest()[:4]) % BLOCKS
    for offset in range(BLOCKS):
        first = FIRST_PORT + (start + offset) % BLOCKS * BLOCK_SIZE
        try:
            return _listen(first), first
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    raise StartupError(f"every block of ports from {FIRST_PORT} on is taken by another mesh")


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(1)
    except OSError:
        listener.close()
        raise
    return listener
