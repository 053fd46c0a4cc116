"""Routes asked all the time, each with the tiers it needs: what a fault of another tier must not touch."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import (
    Request,
    Visitor,
    add_to_cart,
    buy,
    buy_book,
    change_item,
    new_key,
    register_item,
    search_books,
    show_book,
    show_item,
    show_order,
    show_rating,
)
from loadtests.faults.stage import Stage

EVERY_S = 0.05
_BOOK = 3


@dataclass(slots=True)
class Route:
    name: str
    needs: frozenset[str]
    ask: Callable[[], Request]
    writes: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def failed(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.outcome is not Outcome.ACCEPTED]

    def since(self, began: float) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.invoked_at >= began]


async def routes_of(stage: Stage) -> list[Route]:
    """Routes without a session need no `account`; everything but the gateway's own needs `postgres`."""
    seller, buyer = await stage.shop.sign_up("seller"), await stage.shop.sign_up("buyer")
    offer = register_item(seller, "watched", price_cents=500, quantity=1_000_000)
    item_id = str((await stage.shop.insist(offer)).told["item_id"])
    bought = await stage.shop.insist(buy(buyer, {item_id: 1}, new_key()))
    order_id = bought.told["order_id"]
    return [
        _read("look up an item", "catalog", lambda: show_item(item_id)),
        _read("look up a book", "catalog", lambda: show_book(_BOOK)),
        _read("search books", "catalog", lambda: search_books("graduate school")),
        _read("show an order", "order account", lambda: show_order(buyer, order_id)),
        _read("show a rating", "review account", lambda: show_rating(buyer, seller)),
        _write("buy a book", "order catalog", lambda: buy_book(_BOOK, new_key())),
        _write("buy an item", "order catalog account", lambda: buy(buyer, {item_id: 1}, new_key())),
        _write("add to the cart", "order catalog account", lambda: add_to_cart(buyer, item_id, 1, new_key())),
        _write("change an item", "catalog account", _repriced(seller, item_id)),
    ]


@asynccontextmanager
async def watched(routes: list[Route], stage: Stage) -> AsyncIterator[None]:
    """Every route has a client of its own, which never asks twice."""
    done = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for route in routes:
            route.attempts.clear()
            tasks.create_task(_keep_asking(route, done, stage))
        try:
            yield
        finally:
            done.set()


async def _keep_asking(route: Route, done: asyncio.Event, stage: Stage) -> None:
    while not done.is_set():
        route.attempts.append(await stage.shop.send(route.ask(), len(route.attempts)))
        await asyncio.sleep(EVERY_S)


def _read(name: str, needs: str, ask: Callable[[], Request]) -> Route:
    return Route(name, frozenset({*needs.split(), "postgres"}), ask)


def _write(name: str, needs: str, ask: Callable[[], Request]) -> Route:
    return Route(name, frozenset({*needs.split(), "postgres"}), ask, writes=True)


def _repriced(seller: Visitor, item_id: str) -> Callable[[], Request]:
    return lambda: change_item(seller, item_id, price_cents=500)


def told(attempts: list[Attempt]) -> str:
    """Return how often each answer was given."""
    counts: dict[str, int] = {}
    for attempt in attempts:
        name = str(attempt.status or attempt.error)
        counts[name] = counts.get(name, 0) + 1
    return ", ".join(f"{times} x {name}" for name, times in sorted(counts.items()))
