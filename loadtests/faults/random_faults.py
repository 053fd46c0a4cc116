"""Rounds of random operations under random faults of processes, links and stores, each judged by the checker."""

import asyncio
from random import Random

import asyncpg
from redis.exceptions import RedisError

from loadtests.faults.fault_schedule import Fault, Kind, schedule
from loadtests.faults.injection import injected
from loadtests.faults.random_client import Goods, RandomClient
from loadtests.faults.requests import Visitor, new_key, register_item
from loadtests.faults.stage import Experiment, Stage

CLIENTS = 8
ROUND_S = 3.0
STOCKS = (12, 25, 60, 400, 20)
# The history and the databases grow with every round, and the checker reads all of both.
ROUNDS_PER_MESH = 20


def experiments(rounds: int) -> list[Experiment]:
    """All rounds, on a clean mesh every twenty."""
    return [
        _experiment(range(first, min(first + ROUNDS_PER_MESH, rounds + 1)))
        for first in range(1, rounds + 1, ROUNDS_PER_MESH)
    ]


def _experiment(rounds: range) -> Experiment:
    async def play(stage: Stage) -> None:
        buyers = await stage.shop.sign_up_many("buyer", CLIENTS)
        seller = await stage.shop.sign_up("seller")
        for number in rounds:
            if await _play_round(number, seller, buyers, stage):
                break  # what follows on this mesh would be judged by a history that is wrong already

    name = f"random-faults-{rounds.start}-{rounds.stop - 1}"
    return Experiment(name, "anything may break while anything is done", play, gateways=2, proxied=True)


async def _play_round(number: int, seller: Visitor, buyers: list[Visitor], stage: Stage) -> int:
    """Returns the number of violations."""
    seed = f"{stage.options.seed}/{number}"
    links = await stage.mesh.links()
    faults = schedule(Random(seed), stage.mesh.everything, links, ROUND_S)  # noqa: S311 - to be repeated
    stage.step(f"round {number} of seed {stage.options.seed}")
    goods = await _offer(seller, stage)
    clients = [
        RandomClient(buyer, goods, stage.shop, Random(f"{seed}/{index}"))  # noqa: S311 - to be repeated
        for index, buyer in enumerate(buyers)
    ]
    async with asyncio.TaskGroup() as tasks:
        for fault in faults:
            tasks.create_task(_strike(fault, goods, stage))
        for client in clients:
            tasks.create_task(client.run(ROUND_S))
    found = await stage.judge()
    stage.observe(f"round {number} of seed {stage.options.seed}: {found} violations")
    return found


async def _offer(seller: Visitor, stage: Stage) -> Goods:
    item_ids = []
    for stock in STOCKS:
        request = register_item(seller, f"thing {new_key()}", price_cents=100 + stock, quantity=stock)
        item_ids.append((await stage.shop.insist(request)).told["item_id"])
    return Goods(seller, item_ids, item_ids[-1])


async def _strike(fault: Fault, goods: Goods, stage: Stage) -> None:
    """A fault of a store that is down already is left out."""
    await asyncio.sleep(fault.at_s)
    stage.result.kills += fault.kind is Kind.KILL
    item_ids = (goods.changing_id,) if fault.kind is Kind.LOCKED_ITEM else ()
    try:
        async with stage.fault(str(fault), injected(fault, stage.mesh, goods.changing_id), item_ids):
            await asyncio.sleep(fault.for_s)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RedisError) as error:
        stage.observe(f"{fault.kind}: could not be injected: {type(error).__name__}")
