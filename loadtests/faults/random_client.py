"""A client that does whatever its random numbers say, and keeps asking, or walks away, when it is told nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from random import Random

from loadtests.faults.history import Lines, Outcome
from loadtests.faults.requests import (
    Request,
    Visitor,
    add_to_cart,
    buy,
    buy_cart,
    change_item,
    new_key,
    remove_from_cart,
    show_item,
)
from loadtests.faults.shop import Shop

_THINKS_S = (0.01, 0.08)
_WALKS_AWAY = 0.3


@dataclass(frozen=True, slots=True)
class Goods:
    """Items of a round: some are scarce, and one of them is restocked and repriced all the time."""

    seller: Visitor
    item_ids: list[str]
    changing_id: str


class RandomClient:
    def __init__(self, buyer: Visitor, goods: Goods, shop: Shop, random: Random) -> None:
        self._buyer = buyer
        self._goods = goods
        self._shop = shop
        self._random = random
        self._deeds: dict[Callable[[], Awaitable[None]], int] = {
            self._buy: 40,
            self._buy_twice_at_once: 10,
            self._fill_cart: 15,
            self._take_out: 5,
            self._buy_cart: 12,
            self._look: 10,
            self._reprice: 5,
            self._restock: 3,
        }

    async def run(self, for_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + for_s
        while loop.time() < end:
            (deed,) = self._random.choices(list(self._deeds), list(self._deeds.values()))
            await deed()
            await asyncio.sleep(self._random.uniform(*_THINKS_S))

    async def _buy(self) -> None:
        """A refusal is sometimes met with a new try under a new key."""
        lines = self._lines()
        status = await self._ask(buy(self._buyer, lines, new_key()))
        if status == HTTPStatus.CONFLICT and self._random.random() < 0.3:
            await self._ask(buy(self._buyer, lines, new_key()))

    async def _buy_twice_at_once(self) -> None:
        """The same key through different gateways: one order."""
        request = buy(self._buyer, self._lines(), new_key())
        await asyncio.gather(*(self._shop.send(request, gateway) for gateway in (0, 1)))
        await self._ask(request)

    async def _fill_cart(self) -> None:
        """Two additions at once, under keys of their own: none may be lost."""
        item_id = self._random.choice(self._goods.item_ids)
        additions = [add_to_cart(self._buyer, item_id, self._random.randint(1, 2), new_key()) for _ in range(2)]
        await asyncio.gather(*(self._ask(addition) for addition in additions))

    async def _take_out(self) -> None:
        await self._ask(remove_from_cart(self._buyer, self._random.choice(self._goods.item_ids), new_key()))

    async def _buy_cart(self) -> None:
        """Under two keys: it is one order's. While something is added: that is bought too, or stays."""
        item_id = self._random.choice(self._goods.item_ids)
        requests = [buy_cart(self._buyer, new_key()) for _ in range(2)]
        requests.append(add_to_cart(self._buyer, item_id, 1, new_key()))
        await asyncio.gather(*(self._ask(request) for request in requests))

    async def _look(self) -> None:
        await self._shop.send(show_item(self._random.choice(self._goods.item_ids)), self._random.randrange(2))

    async def _reprice(self) -> None:
        price = self._random.randint(100, 9_999)
        await self._ask(change_item(self._goods.seller, self._goods.changing_id, price_cents=price))

    async def _restock(self) -> None:
        quantity = self._random.randint(5, 30)
        await self._ask(change_item(self._goods.seller, self._goods.changing_id, quantity=quantity))

    async def _ask(self, request: Request) -> int | None:
        """Once; with no answer, mostly again until there is one, and sometimes never again."""
        attempt = await self._shop.send(request, self._random.randrange(2))
        if attempt.outcome is Outcome.UNKNOWN and self._random.random() > _WALKS_AWAY:
            attempt = await self._shop.insist(request, self._random.randrange(2))
        return attempt.status

    def _lines(self) -> Lines:
        """In any order, so that two orders of the same items meet in opposite ones."""
        item_ids = self._random.sample(self._goods.item_ids, self._random.randint(1, 3))
        return {item_id: self._random.randint(1, 2) for item_id in item_ids}
