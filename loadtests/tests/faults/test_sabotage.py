"""Gateways that lie: what is forwarded, and what each lie makes of an honest shop."""

import asyncio
from dataclasses import replace

import pytest
from loadtests.faults.connection import Answer
from loadtests.faults.lies import LIES, Message

SOON_S = 10.0


class Gateway:
    """An honest one that notes what reaches it, and answers with a number that grows."""

    def __init__(self, status=200):
        self.status = status
        self.reached = []
        self.is_free = asyncio.Event()
        self.is_free.set()

    async def forward(self, message):
        self.reached.append(message)
        number = len(self.reached)
        await self.is_free.wait()
        return Answer(self.status, {}, {"number": number})


def message(method="POST", path="/v1/orders", key="k1", **headers):
    return Message(method, path, {"idempotency-key": key, **headers}, {"lines": []})


@pytest.mark.parametrize("lie", LIES)
async def test_lies_leave_other_requests_alone(lie):
    gateway = Gateway()
    other = message("GET", "/v1/orders/7")
    answer = await LIES[lie]().answer(other, gateway.forward)
    assert (gateway.reached, answer.body) == ([other], {"number": 1})


async def test_repeat_changes_makes_a_change_under_two_keys():
    gateway, lie = Gateway(), LIES["repeat-changes"]()
    change = message("PATCH", "/v1/items/7")
    await lie.answer(change, gateway.forward)
    async with asyncio.timeout(SOON_S):
        await asyncio.gather(*lie.tasks)
    assert gateway.reached == [change, change.under("k1-repeated")]


async def test_forget_rejections_asks_under_a_new_key():
    gateway, lie = Gateway(status=409), LIES["forget-rejections"]()
    for _ in range(3):
        await lie.answer(message(), gateway.forward)
    assert [each.key for each in gateway.reached] == ["k1", "k1-1", "k1-2"]


async def test_keep_reads_shows_an_item_as_it_was():
    gateway, lie = Gateway(), LIES["keep-reads"]()
    read = message("GET", "/v1/items/7")
    first, second = [await lie.answer(read, gateway.forward) for _ in range(2)]
    assert first == second
    assert len(gateway.reached) == 1


async def test_ignore_preconditions_drops_if_match():
    gateway, lie = Gateway(), LIES["ignore-preconditions"]()
    change = message("PATCH", "/v1/items/7", **{"if-match": '"3"'})
    await lie.answer(change, gateway.forward)
    assert gateway.reached == [message("PATCH", "/v1/items/7")]


async def test_ignore_bodies_answers_as_the_first_time():
    gateway, lie = Gateway(), LIES["ignore-bodies"]()
    first = await lie.answer(message(), gateway.forward)
    other = await lie.answer(replace(message(), body={"lines": [{}]}), gateway.forward)
    assert first == other
    assert len(gateway.reached) == 1


async def test_one_queue_holds_up_orders_behind_the_first():
    gateway, lie = Gateway(), LIES["one-queue"]()
    gateway.is_free.clear()
    async with asyncio.timeout(SOON_S), asyncio.TaskGroup() as tasks:
        for key in ("k1", "k2"):
            tasks.create_task(lie.answer(message(key=key), gateway.forward))
        while not gateway.reached:
            await asyncio.sleep(0)
        assert len(gateway.reached) == 1
        gateway.is_free.set()
    assert len(gateway.reached) == 2
