"""One writer an item, many readers of all items, and what each of them saw.

Every change of an item makes its version grow by one, and only its writer changes it. So a reader knows of an answer
whether it is older than what was acknowledged before the question was sent.
"""

import asyncio
import itertools
import time
import uuid
from bisect import bisect_right
from collections import Counter
from typing import Final

import orjson

from loadtests.driver.load import UNIQUE
from loadtests.experiments.conversation import Conversation
from loadtests.experiments.mesh import http_address
from loadtests.experiments.requests import http_get, http_patch, http_post

# A writer that never pauses would leave no copy in any cache to be stale.
_PAUSE_S: Final = 0.01


class Watched:
    """An item, and when each of its versions was acknowledged."""

    def __init__(self, item_id: str) -> None:
        self.item_id = item_id
        self._versions: list[int] = []
        self._moments: list[float] = []

    def acknowledge(self, version: int) -> None:
        self._versions.append(version)
        self._moments.append(time.monotonic())

    def age_of(self, version: int, asked_at: float) -> float | None:
        """How long before the question a newer version was acknowledged; None when none was."""
        newer = bisect_right(self._versions, version)
        if newer == len(self._versions) or self._moments[newer] > asked_at:
            return None
        return asked_at - self._moments[newer]


class Writer:
    """Changes the price and sells a unit, in turn."""

    def __init__(self, item: Watched, gateway: str, seller_token: str, buyer_token: str) -> None:
        self._item = item
        self._gateway = gateway
        self._seller_token = seller_token
        order = {"lines": [{"item_id": item.item_id, "quantity": 1}]}
        self._buy = http_post("/v1/orders", order, buyer_token)
        self._version = 0
        self.acknowledged = 0

    async def write_until(self, end: float) -> None:
        shop = await Conversation.with_shop(http_address(self._gateway))
        for price in itertools.count(2):
            if time.monotonic() > end:
                break
            await self._change_price(shop, price)
            await asyncio.sleep(_PAUSE_S)
            await self._sell(shop)
            await asyncio.sleep(_PAUSE_S)
        shop.close()

    async def _change_price(self, shop: Conversation, price: int) -> None:
        path = f"/v1/items/{self._item.item_id}"
        answer = await shop.ask(http_patch(path, {"price_cents": price}, self._seller_token))
        if not answer.refusal:
            self._note(int(orjson.loads(answer.body)["version"]))

    async def _sell(self, shop: Conversation) -> None:
        key = uuid.uuid4().hex[: len(UNIQUE)].encode()
        # The version before it is known: of the last price. After a purchase that failed, the next price tells it.
        answer = await shop.ask(self._buy.replace(UNIQUE, key))
        if not answer.refusal:
            self._note(self._version + 1)

    def _note(self, version: int) -> None:
        self._version = version
        self._item.acknowledge(version)
        self.acknowledged += 1


class Reader:
    """Looks every item up, over and over, through one gateway."""

    def __init__(self, items: list[Watched], gateway: str) -> None:
        self._requests = [(item, http_get(f"/v1/items/{item.item_id}")) for item in items]
        self._gateway = gateway
        self.latencies: list[float] = []
        self.stale_ages: list[float] = []
        self.stale_ages_before_the_end = 0
        self.errors: Counter[str] = Counter()

    async def read_until(self, end: float) -> None:
        shop = await Conversation.with_shop(http_address(self._gateway))
        while time.monotonic() < end:
            for item, request in self._requests:
                await self._read(shop, item, request)
        shop.close()

    async def read_each_once(self) -> None:
        shop = await Conversation.with_shop(http_address(self._gateway))
        for item, request in self._requests:
            await self._read(shop, item, request)
        shop.close()

    async def _read(self, shop: Conversation, item: Watched, request: bytes) -> None:
        asked_at = time.monotonic()
        answer = await shop.ask(request)
        self.latencies.append(time.monotonic() - asked_at)
        if answer.refusal:
            self.errors[answer.refusal] += 1
            return
        age = item.age_of(orjson.loads(answer.body)["version"], asked_at)
        if age is not None:
            self.stale_ages.append(age)


async def read_and_write(readers: list[Reader], writers: list[Writer], seconds: float) -> None:
    end = time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        for reader in readers:
            tasks.create_task(reader.read_until(end))
        for writer in writers:
            tasks.create_task(writer.write_until(end))
