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
    clear_cart,
    new_key,
    remove_from_cart,
    show_item,
)
from loadtests.faults.shop import Shop

_THINKS_S = (0.01, 0.08)
_WALKS_AWAY = 0.3
_PATIENCE_S = (0.005, 0.4)


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
            self._buy: 30,
            self._buy_twice_at_once: 8,
            self._give_up_and_ask_again: 10,
            self._fill_cart: 12,
            self._take_out: 4,
            self._buy_cart: 8,
            self._give_up_on_the_cart: 4,
            self._look: 25,
            self._reprice: 4,
            self._restock: 3,
            self._add_units: 3,
            self._change_what_was_seen: 4,
        }

    async def run(self, for_s: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + for_s
        while loop.time() < end:
            (deed,) = self._random.choices(list(self._deeds), list(self._deeds.values()))
            await deed()
            await asyncio.sleep(self._random.uniform(*_THINKS_S))

    async def _buy(self) -> None:
        """A rejection is sometimes met with a new try, under a new key or the same."""
        lines, key = self._lines(), new_key()
        status = await self._ask(buy(self._buyer, lines, key))
        if status == HTTPStatus.CONFLICT and self._random.random() < 0.5:
            if self._random.random() < 0.5:
                await self._restock()
            await self._ask(buy(self._buyer, lines, key if self._random.random() < 0.5 else new_key()))

    async def _give_up_and_ask_again(self) -> None:
        """The same key at another gateway while the first request may still be under way, sometimes for other lines."""
        key, lines = new_key(), self._lines()
        await self._give_up(buy(self._buyer, lines, key))
        again = buy(self._buyer, lines if self._random.random() < 0.7 else self._lines(), key)
        await self._shop.insist(again, gateway=1)

    async def _give_up_on_the_cart(self) -> None:
        """The cart is emptied, or has something else in it, when its order is asked for again."""
        request = buy_cart(self._buyer, new_key())
        await self._give_up(request)
        await self._ask(clear_cart(self._buyer))
        if self._random.random() < 0.5:
            await self._fill_cart()
        await self._shop.insist(request, gateway=1)

    async def _give_up(self, request: Request) -> None:
        await self._shop.send(request, 0, within_s=self._random.uniform(*_PATIENCE_S))

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

    async def _add_units(self) -> None:
        item_id = self._random.choice(self._goods.item_ids)
        await self._ask(change_item(self._goods.seller, item_id, quantity_delta=self._random.randint(1, 9)))

    async def _change_what_was_seen(self) -> None:
        """A change that must not overwrite what happened since the item was looked at: mostly something did."""
        item_id = self._random.choice(self._goods.item_ids)
        seen = await self._shop.send(show_item(item_id), self._random.randrange(2))
        if seen.outcome is Outcome.ACCEPTED:
            if self._random.random() < 0.5:
                between = self._random.randint(100, 9_999)
                await self._ask(change_item(self._goods.seller, item_id, price_cents=between))
            price = self._random.randint(100, 9_999)
            await self._ask(change_item(self._goods.seller, item_id, if_match=seen.told["version"], price_cents=price))

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
