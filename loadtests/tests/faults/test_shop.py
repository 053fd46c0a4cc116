"""Clients against gateways that answer, fail, fall silent or are not there."""

import asyncio
import json
from contextlib import aclosing, asynccontextmanager, closing

import pytest
from loadtests.faults.history import Outcome, Recorder
from loadtests.faults.requests import Visitor, buy
from loadtests.faults.shop import Shop

REQUEST = buy(Visitor("ann", "token"), {"7": 1}, "k1")
ORDER = {"order_id": "o1", "lines": [], "total_cents": 0, "state": "CONFIRMED"}
NOBODY = "http://127.0.0.1:1"


@asynccontextmanager
async def gateway(*answers):
    """Gives each request the next answer, a status and a body; None closes the connection instead."""
    remaining, serving = list(answers), []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        while await reader.readline():
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length"))
            await reader.readexactly(length)
            answer = remaining.pop(0)
            if answer is None:
                break
            content = json.dumps(answer[1]).encode()
            head = f"HTTP/1.1 {answer[0]} X\r\nx-served-by: gateway-0,order-1\r\ncontent-length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*serving)


@pytest.fixture
def shop_at(tmp_path):
    """An open shop behind the gateways of these URLs."""

    @asynccontextmanager
    async def open_shop(*urls):
        with closing(Recorder(tmp_path / "history.jsonl")) as recorder:
            async with aclosing(Shop(list(urls), recorder)) as shop:
                yield shop

    return open_shop


async def test_an_answer_is_noted_with_its_facts_and_who_served_it(shop_at):
    async with gateway((201, ORDER)) as url, shop_at(url) as shop:
        attempt = await shop.send(REQUEST)
    assert (attempt.status, attempt.served_by) == (201, "gateway-0,order-1")
    assert attempt.told == {"order_id": "o1", "lines": [], "total_cents": 0}
    assert attempt.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [((409, {"reason": "OUT_OF_STOCK"}), Outcome.REFUSED), ((503, {}), Outcome.UNKNOWN), (None, Outcome.UNKNOWN)],
)
async def test_what_a_client_knows_after_an_answer(shop_at, answer, outcome):
    async with gateway(answer) as url, shop_at(url) as shop:
        assert (await shop.send(REQUEST)).outcome is outcome


async def test_a_gateway_that_is_not_there_gives_no_answer(shop_at):
    async with shop_at(NOBODY) as shop:
        attempt = await shop.send(REQUEST)
    assert (attempt.status, attempt.error) == (None, "ConnectionRefusedError")


async def test_a_lost_connection_is_opened_again(shop_at):
    async with gateway((201, ORDER), None, (200, ORDER)) as url, shop_at(url) as shop:
        assert [(await shop.send(REQUEST)).status for _ in range(3)] == [201, None, 200]


async def test_insisting_goes_from_gateway_to_gateway_until_the_outcome_is_known(shop_at):
    async with gateway((504, {})) as slow, gateway((200, ORDER)) as well, shop_at(NOBODY, slow, well) as shop:
        attempt = await shop.insist(REQUEST)
    assert (attempt.number, attempt.status, attempt.gateway) == (2, 200, well)


async def test_insisting_ends_when_time_is_up(shop_at):
    async with shop_at(NOBODY) as shop:
        attempt = await shop.insist(REQUEST, for_s=0.2)
    assert attempt.number > 0
    assert attempt.outcome is Outcome.UNKNOWN
