"""HTTP/1.1, as little of it as the experiments need: cheap for the driver, exact about what is not known."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit


class NoAnswer(Exception):
    """No whole answer came: the request may have been served or not."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def served_by(self) -> list[str]:
        """The replicas that worked on the request."""
        return [name for name in self.headers.get("x-served-by", "").split(",") if name]


class Connection:
    """One connection to a gateway, kept open between requests and opened again when it was lost."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: object, *, within_s: float
    ) -> Answer:
        """Raises NoAnswer."""
        try:
            async with asyncio.timeout(within_s):
                reader, writer = await self._open()
                writer.write(_encode(method, path, {"host": self._host, **headers}, body))
                return await _read_answer(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.close()
            raise NoAnswer(type(error).__name__) from None
        except BaseException:
            self.close()  # whatever is still to come on it belongs to no later request
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def aclose(self) -> None:
        if self._streams is not None:
            writer = self._streams[1]
            self.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams


class ConnectionPool:
    """Connections to the gateways, handed to whoever needs one."""

    def __init__(self) -> None:
        self._idle: dict[str, list[Connection]] = {}

    async def request(
        self, url: str, method: str, path: str, headers: Mapping[str, str], body: object, *, within_s: float
    ) -> Answer:
        """Raises NoAnswer."""
        idle = self._idle.setdefault(url, [])
        connection = idle.pop() if idle else Connection(url)
        try:
            return await connection.request(method, path, headers, body, within_s=within_s)
        finally:
            idle.append(connection)

    async def aclose(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                await connection.aclose()
        self._idle.clear()


def _encode(method: str, path: str, headers: Mapping[str, str], body: object) -> bytes:
    """Bytes are sent as they are, under the content type that the headers name."""
    content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body is not None and not isinstance(body, bytes):
        lines.append("content-type: application/json")
    lines.append(f"content-length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content


async def _read_answer(reader: asyncio.StreamReader) -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split(" ", 2)[1])
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    if status == HTTPStatus.NO_CONTENT:
        return Answer(status, headers, None)
    content = await reader.readexactly(int(headers["content-length"]))
    body = None
    with suppress(ValueError):
        body = json.loads(content)
    return Answer(status, headers, body)
