"""Senders that never pause: `python floods.py KIND URL SENDERS SOURCES`, a process of its own.

It goes on until its standard input ends, and then prints how many answers of each status it got.
"""

import asyncio
import json
import sys
from collections import Counter
from contextlib import suppress
from urllib.parse import urlsplit

ACCOUNTS = 200


def guess(sender: int, number: int) -> bytes:
    """A wrong password for one of many accounts."""
    credentials = {"username": f"victim-{(sender + number) % ACCOUNTS}", "password": f"wrong password {number}"}
    body = json.dumps(credentials).encode()
    head = "POST /v1/sessions HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n"
    return head.format(len(body)).encode() + body


def search(sender: int, number: int) -> bytes:
    """A search that no cache has, and that many items match."""
    return f"GET /v1/items?keyword=red&keyword={sender}x{number % 1000} HTTP/1.1\r\nhost: shop\r\n\r\n".encode()


KINDS = {"guesses": guess, "searches": search}


async def send_for_ever(kind: str, host: str, port: int, source: str, sender: int, answers: Counter[int]) -> None:
    number = 0
    while True:
        with suppress(OSError, asyncio.IncompleteReadError):
            reader, writer = await asyncio.open_connection(host, port, local_addr=(source, 0))
            while True:
                number += 1
                writer.write(KINDS[kind](sender, number))
                answers[await status_of_answer(reader)] += 1


async def status_of_answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, _, rest = head.partition(b"content-length: ")
    await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    return int(head.split(b" ", 2)[1])


async def flood(kind: str, url: str, senders: int, sources: int) -> Counter[int]:
    address = urlsplit(url)
    assert address.hostname
    assert address.port
    answers: Counter[int] = Counter()
    tasks = [
        asyncio.create_task(
            send_for_ever(kind, address.hostname, address.port, f"127.2.0.{1 + number % sources}", number, answers)
        )
        for number in range(senders)
    ]
    await asyncio.to_thread(sys.stdin.read)
    for task in tasks:
        task.cancel()
    return answers


if __name__ == "__main__":
    kind, url, senders, sources = sys.argv[1:]
    print(json.dumps(asyncio.run(flood(kind, url, int(senders), int(sources)))))
