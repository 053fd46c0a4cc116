"""How old an answer can be: writers change prices and sell, readers look on through two gateways, the cache dies."""

import asyncio
import time
from typing import Final

import numpy as np
import uvloop

from loadtests.driver.load import Outcome
from loadtests.experiments.cpu import cpu_ms_per_operation, cpu_seconds
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import Mesh, MeshWish
from loadtests.experiments.results import Cell, Table, run_of
from loadtests.experiments.shop import Party, ShopKeeper
from loadtests.experiments.staleness_watch import Reader, Watched, Writer, read_and_write

NAME: Final = "staleness"
CACHES: Final = ("tiered", "shared")
_GATEWAYS: Final = 2
_ITEMS: Final = 4
_READERS_A_GATEWAY: Final = 4
_ITEM: Final = {
    "name": "Bench price",
    "category": 99,
    "keywords": [],
    "condition": "new",
    "price_cents": 1,
    "quantity": 1_000_000,
}


def expected_s(extent: Extent) -> float:
    return len(CACHES) * (MESH_S + extent.staleness_s)


def run(lab: Lab) -> None:
    lab.results.tables.append(
        Table(
            "Age of stale answers, with the cache killed midway",
            ("cache", "reads", "writes", "stale", "p99 ms", "largest ms", "failed reads", "stale at the end"),
            [_row(lab, cache) for cache in CACHES],
            "An answer is stale when a newer version had been acknowledged to its writer before the read was sent; its "
            "age counts from that acknowledgement. The percentile is of the stale answers.",
        )
    )


def _row(lab: Lab, cache: str) -> tuple[str | int | float, ...]:
    mesh = lab.mesh(MeshWish(cache, _GATEWAYS))
    seconds = lab.extent.staleness_s
    with lab.doing(f"{NAME}: cache {cache}, {_GATEWAYS} gateways", seconds):
        before = cpu_seconds(mesh.tiers)
        began = time.monotonic()
        readers, writers, at_the_end = uvloop.run(_watch(lab, mesh, seconds))
        after = cpu_seconds(mesh.tiers)
    outcome = Outcome(began=began, ended=time.monotonic())
    for reader in readers:
        outcome.latencies.extend(reader.latencies)
        outcome.errors.update(reader.errors)
    cpu_ms = cpu_ms_per_operation(before, after, len(outcome.latencies))
    lab.results.runs.append(run_of(Cell(NAME, "rest", cache, "lookup beside writes", len(readers)), [outcome], cpu_ms))
    lab.results.errors.update(outcome.errors)
    ages_ms = np.array([age * 1000 for reader in readers for age in reader.stale_ages])
    return (
        cache,
        len(outcome.latencies),
        sum(writer.acknowledged for writer in writers),
        len(ages_ms),
        round(float(np.percentile(ages_ms, 99)), 2) if len(ages_ms) else 0,
        round(float(ages_ms.max()), 2) if len(ages_ms) else 0,
        outcome.errors.total(),
        at_the_end,
    )


async def _watch(lab: Lab, mesh: Mesh, seconds: float) -> tuple[list[Reader], list[Writer], int]:
    """What readers and writers saw, and how many look-ups were still stale a second after the last write."""
    async with ShopKeeper(mesh.gateway) as keeper:
        (seller,), (buyer,) = await keeper.parties("seller", 1), await keeper.parties("buyer", 1)
        item_ids = await keeper.register(seller, [_ITEM] * _ITEMS)
    items = [Watched(item_id) for item_id in item_ids]
    readers = [Reader(items, gateway) for gateway in mesh.gateways for _ in range(_READERS_A_GATEWAY)]
    writers = [_writer(item, number, mesh, seller, buyer) for number, item in enumerate(items)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read_and_write(readers, writers, seconds))
        await asyncio.sleep(seconds / 2)
        # A moment of two seconds in which there is no cache, and one in which a cache comes back empty.
        await asyncio.to_thread(lab.kill, "cache")
    await asyncio.sleep(1.0)
    for reader in readers:
        reader.stale_ages_before_the_end = len(reader.stale_ages)
        await reader.read_each_once()
    return readers, writers, sum(len(reader.stale_ages) - reader.stale_ages_before_the_end for reader in readers)


def _writer(item: Watched, number: int, mesh: Mesh, seller: Party, buyer: Party) -> Writer:
    return Writer(item, mesh.gateways[number % len(mesh.gateways)], seller.token, buyer.token)
