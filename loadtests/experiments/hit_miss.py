"""S3: a look-up that misses and fills the cache, one that hits, a purchase that takes the entry out, a look-up that
misses again.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from loadtests.driver.clients import tiers_of
from loadtests.driver.load import UNIQUE, Outcome
from loadtests.experiments.conversation import Conversation
from loadtests.experiments.cpu import cpu_ms_per_operation, cpu_seconds
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import Mesh, MeshWish, http_address
from loadtests.experiments.requests import http_get, http_post
from loadtests.experiments.results import Cell, Table, run_of
from loadtests.report import seeds

NAME: Final = "hit-miss"
_CACHE: Final = "tiered"
_BOOK: Final = "/books/1"
# Nobody looks a thing up twice within this, and a fill is under way no longer.
_PAUSE_S: Final = 0.02


@dataclass(slots=True)
class Step:
    """What is asked, what `x-cache` must then say, and what S3 measured at its front end."""

    name: str
    request: bytes
    sources: tuple[str, ...]
    seed_ms: float | None
    front_end_ms: list[float] = field(default_factory=list)
    said: set[str] = field(default_factory=set)


def expected_s(extent: Extent) -> float:
    return MESH_S + extent.hit_miss_rounds * 6 * _PAUSE_S


def run(lab: Lab) -> None:
    mesh = lab.mesh(MeshWish(_CACHE))
    rounds = lab.extent.hit_miss_rounds
    steps = _steps()
    with lab.doing(f"{NAME}: {rounds} rounds", rounds * 6 * _PAUSE_S):
        before = cpu_seconds(mesh.tiers)
        outcome = asyncio.run(_perform(mesh, steps, rounds))
        after = cpu_seconds(mesh.tiers)
    cpu_ms = cpu_ms_per_operation(before, after, len(outcome.latencies))
    cell = Cell(NAME, "rest", _CACHE, "lookup, lookup, lookup, buy, lookup", 1)
    lab.results.runs.append(run_of(cell, [outcome], cpu_ms))
    lab.results.errors.update(outcome.errors)
    lab.results.tables.append(_table(steps))


def _steps() -> list[Step]:
    look_up, buy = http_get(_BOOK), http_post(_BOOK)
    return [
        Step("look up: miss, fills the cache", look_up, ("miss",), None),
        Step("look up: hit in the shared tier", look_up, ("shared",), None),
        Step("look up: hit in the gateway", look_up, ("local",), seeds.HIT_MS),
        Step("buy one: takes the entry out", buy, ("",), None),
        Step("look up: miss again", look_up, ("miss",), seeds.MISS_MS),
    ]


async def _perform(mesh: Mesh, steps: list[Step], rounds: int) -> Outcome:
    outcome = Outcome()
    shop = await Conversation.with_shop(http_address(mesh.gateway))
    for number in range(rounds):
        # So that each round begins with an entry that is not there.
        await shop.ask(steps[3].request.replace(UNIQUE, b"%016d" % (2 * number)))
        for step in steps:
            await asyncio.sleep(_PAUSE_S)
            began = time.monotonic()
            answer = await shop.ask(step.request.replace(UNIQUE, b"%016d" % (2 * number + 1)))
            outcome.latencies.append(time.monotonic() - began)
            step.front_end_ms.append(tiers_of(answer.timing.decode()).get("gateway", 0.0))
            step.said.add(answer.cache)
            if answer.refusal or answer.cache not in step.sources:
                outcome.errors[answer.refusal or f"{step.name}: x-cache said {answer.cache}"] += 1
    shop.close()
    outcome.ended = time.monotonic()
    return outcome


def _table(steps: list[Step]) -> Table:
    rows: list[tuple[str | float, ...]] = [
        (step.name, ", ".join(sorted(step.said)), round(median(step.front_end_ms), 2), step.seed_ms or "")
        for step in steps
    ]
    note = "Milliseconds at the front end, from `server-timing`, the median of all rounds."
    return Table("Hit, then miss", ("step", "x-cache", "gateway", "S3's front end"), rows, note)
