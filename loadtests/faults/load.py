"""Steady clients whose every request must succeed at once: what people notice of a fault is what they do not get."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from loadtests.faults.history import Attempt, Outcome
from loadtests.faults.requests import (
    Request,
    Visitor,
    add_to_cart,
    buy,
    new_key,
    register_item,
    search_books,
    show_book,
    show_order,
    show_rating,
)
from loadtests.faults.stage import Stage

CLIENTS = 6
PAUSE_S = 0.02

Ask = Callable[[Request], Awaitable[Attempt]]


@dataclass(slots=True)
class Tally:
    """What came of all requests, the slowest among them included."""

    asked: int = 0
    failed: list[Attempt] = field(default_factory=list)
    slowest_s: float = 0.0

    def note(self, attempt: Attempt, seconds: float) -> None:
        self.asked += 1
        self.slowest_s = max(self.slowest_s, seconds)
        if attempt.outcome is not Outcome.ACCEPTED:
            self.failed.append(attempt)


@asynccontextmanager
async def steady_load(stage: Stage, ask: Ask) -> AsyncIterator[Tally]:
    """Clients that buy and look around as long as the block runs; `ask` says how one of them sends a request."""
    seller = await stage.shop.sign_up("seller")
    offered = await stage.shop.insist(register_item(seller, "steady", price_cents=500, quantity=1_000_000))
    buyers = await stage.shop.sign_up_many("buyer", CLIENTS)
    tally, done = Tally(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for buyer in buyers:
            tasks.create_task(_visit_until(done, buyer, seller, offered.told["item_id"], _noted(ask, tally)))
        try:
            yield tally
        finally:
            done.set()


def expect_no_failure(tally: Tally, stage: Stage) -> None:
    failed = [f"{attempt.call} {attempt.status or attempt.error} #{attempt.number}" for attempt in tally.failed[:5]]
    stage.expect(
        not tally.failed,
        f"{tally.asked} requests, {len(tally.failed)} failed {failed or ''}, the slowest took {tally.slowest_s:.2f} s",
    )


def _noted(ask: Ask, tally: Tally) -> Ask:
    async def asked(request: Request) -> Attempt:
        began = time.monotonic()
        attempt = await ask(request)
        tally.note(attempt, time.monotonic() - began)
        return attempt

    return asked


async def _visit_until(done: asyncio.Event, buyer: Visitor, seller: Visitor, item_id: str, ask: Ask) -> None:
    while not done.is_set():
        await ask(search_books("graduate school"))
        await ask(show_book(3))
        await ask(add_to_cart(buyer, item_id, 1, new_key()))
        bought = await ask(buy(buyer, {item_id: 1}, new_key()))
        if bought.outcome is Outcome.ACCEPTED:
            await ask(show_order(buyer, bought.told["order_id"]))
        await ask(show_rating(buyer, seller))
        await asyncio.sleep(PAUSE_S)
