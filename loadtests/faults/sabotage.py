"""Gateways that lie, between the clients of an experiment and the real ones: proof that the checker finds each breach.

`python -m loadtests.faults EXPERIMENT --sabotage NAME` must fail, for every name.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from loadtests.faults.connection import Answer, ConnectionPool, NoAnswer
from loadtests.faults.lies import KEY, LIES, Honest, Message

_LOCALHOST = "127.0.0.1"
_WITHIN_S = 10.0
_FORWARDED = frozenset({"authorization", KEY, "if-match"})


@asynccontextmanager
async def sabotaged(gateways: list[str], lie: str | None) -> AsyncIterator[list[str]]:
    """Yield the URLs of lying gateways in front of these; without a lie, these."""
    if lie is None:
        yield gateways
        return
    teller = LIES[lie]()
    async with AsyncExitStack() as running:
        yield [await running.enter_async_context(_lying_gateway(url, teller)) for url in gateways]


@asynccontextmanager
async def _lying_gateway(url: str, lie: Honest) -> AsyncIterator[str]:
    pool = ConnectionPool()

    async def forward(message: Message) -> Answer:
        headers = {name: value for name, value in message.headers.items() if name in _FORWARDED}
        return await pool.request(url, message.method, message.path, headers, message.body, within_s=_WITHIN_S)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, NoAnswer):
            while True:
                answer = await lie.answer(await _read(reader), forward)
                writer.write(_encode(answer))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, _LOCALHOST, 0)
    try:
        yield f"http://{_LOCALHOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await pool.aclose()


async def _read(reader: asyncio.StreamReader) -> Message:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    content = await reader.readexactly(int(headers.get("content-length", "0")))
    return Message(method, path, headers, json.loads(content) if content else None)


def _encode(answer: Answer) -> bytes:
    content = b"" if answer.body is None else json.dumps(answer.body).encode()
    lines = [f"HTTP/1.1 {answer.status} X", f"x-served-by: {','.join(answer.served_by)}"]
    return "\r\n".join([*lines, f"content-length: {len(content)}", "", ""]).encode() + content
