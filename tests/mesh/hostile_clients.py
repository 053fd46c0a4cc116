"""Clients that never finish what they begin, as a process of its own: `hostile_clients.py ATTACK HOST PORT`.

Prints how many connections it opened, and how many of them the other side closed.
"""

import asyncio
import json
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from monolith.frames import LENGTH, MAX_FRAME_BYTES, Request, write_request

GET = b"GET %s HTTP/1.1\r\nhost: shop\r\n\r\n"
POST = b"POST /v1/accounts HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"
UPLOAD = (
    b"POST /albums HTTP/1.1\r\nhost: shop\r\ncontent-type: multipart/form-data; boundary=b\r\n"
    b'content-length: 10400000\r\n\r\n--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n\x89PNG\r\n\x1a\n'
)
HALF_FRAME = LENGTH.pack(MAX_FRAME_BYTES)
UNKNOWN_METHOD = write_request(Request(1, "agora.catalog.v1.CatalogService/Nothing", "", b""))


class Attack(NamedTuple):
    """The last packet is sent `repeated` times. Without `is_closed`, the attack ends after `seconds`."""

    connections: int
    sources: int
    packets: list[bytes]
    repeated: int = 1
    reads: bool = True
    seconds: float = 60
    is_closed: bool = True


GATEWAY_ATTACKS = {
    "half heads of one client": Attack(10_000, 1, [GET[:20]]),
    "half heads of many clients": Attack(10_000, 250, [b"GET / HTTP/1.1\r\n", b"a:b\r\n" * 95]),
    "half bodies": Attack(2_000, 2, [POST + b"content-length: 65536\r\n\r\n", b" " * 65_000]),
    "half uploads": Attack(20, 2, [UPLOAD, b"x" * 100_000], 103),
    "many trailers": Attack(20, 1, [CHUNKED + b"0\r\n", b"x-t: " + b"y" * 8_000 + b"\r\n"], 1_300),
    "a trailer without end": Attack(20, 1, [CHUNKED + b"0\r\nx-t: ", b"y" * 16_000], 650),
    "chunk extensions": Attack(20, 1, [CHUNKED, b"1;" + b"x" * 16_000 + b"\r\n \r\n"], 650),
    "requests sent ahead": Attack(500, 1, [GET % b"/healthz" * 16, GET % b"/healthz" * 4_000]),
    "idle connections": Attack(6_000, 6, [GET % b"/healthz"], seconds=5, is_closed=False),
    "answers that are not read": Attack(500, 1, [GET % b"/openapi.json"], 20, reads=False, seconds=5, is_closed=False),
}
MONOLITH_ATTACKS = {
    "half lengths": Attack(3_000, 1, [b"\0\0\0"]),
    "half frames": Attack(300, 1, [HALF_FRAME, b"x" * 100_000], 10),
    "frames sent ahead": Attack(100, 1, [UNKNOWN_METHOD * 100], 100, reads=False, seconds=5, is_closed=False),
}
ATTACKS = GATEWAY_ATTACKS | MONOLITH_ATTACKS


class Attacker:
    def __init__(self, attack: Attack, host: str, port: int) -> None:
        self.attack = attack
        self.address = (host, port)
        self.opened = 0
        self.closed = 0
        # An event loop accepts one connection each time round, so that these many are before an honest client's.
        self._opening = asyncio.Semaphore(25)

    async def run(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.attack.seconds):
                await asyncio.gather(*(self._connect(number) for number in range(self.attack.connections)))

    async def _connect(self, number: int) -> None:
        source = number % self.attack.sources
        local_address = (f"127.1.{source // 250}.{source % 250 + 1}", 0)
        async with self._opening:
            # Little is read ahead, so that a client that does not read soon takes nothing more.
            reader, writer = await asyncio.open_connection(*self.address, local_addr=local_address, limit=1024)
        self.opened += 1
        with suppress(OSError):
            for packet in self._packets():
                writer.write(packet)
                await writer.drain()
            while self.attack.reads and await reader.read(65_536):
                pass
        if not self.attack.reads:
            await asyncio.sleep(self.attack.seconds)
        self.closed += 1
        writer.close()

    def _packets(self) -> Iterator[bytes]:
        *first, last = self.attack.packets
        yield from first
        for _ in range(self.attack.repeated):
            yield last


def main() -> None:
    name, host, port = sys.argv[1:]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    attacker = Attacker(ATTACKS[name], host, int(port))
    asyncio.run(attacker.run())
    print(json.dumps({"opened": attacker.opened, "closed": attacker.closed}))


if __name__ == "__main__":
    main()
