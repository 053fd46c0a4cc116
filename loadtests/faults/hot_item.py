"""What one hot item sustains: orders per second against what PostgreSQL alone does to one row, in the same minute.

Not a fault: the measure of `make chaos`'s other promise, that correctness does not make a hot item crawl.
"""

import asyncio
import os
import re
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from loadtests.faults.history import Outcome
from loadtests.faults.requests import Visitor, buy, new_key, register_item
from loadtests.faults.stage import Experiment, Stage
from localmesh.binaries import postgres_binary

MEASURED_S = 6.0
BUYERS = 100
FEW = 10
ALONE = 200
OF_PGBENCH = 0.25
OF_FEW = 0.7
_HOT_ROW = "UPDATE hot_row SET units = units - 1 WHERE id = 1;\n"
_NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


async def play(stage: Stage) -> None:
    seller = await stage.shop.sign_up("seller")
    buyers = await stage.shop.sign_up_many("buyer", BUYERS)
    offered = await stage.shop.insist(register_item(seller, "hot", price_cents=100, quantity=1_000_000))
    item_id = offered.told["item_id"]
    await _measure_one_client(buyers[0], item_id, stage)
    few, _ = await _measure_together(buyers[:FEW], item_id, stage)
    many, of_pgbench = await _measure_together(buyers, item_id, stage)
    stage.expect(of_pgbench >= OF_PGBENCH, f"at {BUYERS} clients, at least {OF_PGBENCH} of pgbench: {of_pgbench:.2f}")
    kept = many / few
    stage.expect(kept >= OF_FEW, f"at {BUYERS} clients, at least {OF_FEW} of the rate at {FEW}: {kept:.2f}")


async def _measure_together(buyers: list[Visitor], item_id: str, stage: Stage) -> tuple[float, float]:
    """Orders per second, and what share they are of PostgreSQL's updates of one row by as many clients."""
    clients = len(buyers)
    stage.step(f"{clients} clients buy the same item for {MEASURED_S:.0f} s, then pgbench updates one row as long")
    before = await _cpu_seconds(stage)
    orders = await _orders_per_second(buyers, item_id, stage)
    spent = {name: seconds - before[name] for name, seconds in (await _cpu_seconds(stage)).items()}
    per_order = {name: round(seconds * 1000 / (orders * MEASURED_S), 2) for name, seconds in spent.items() if seconds}
    updates = await asyncio.to_thread(_updates_per_second, stage.mesh.postgres, clients)
    stage.observe(f"{orders:.0f} orders/s, {updates:.0f} updates/s: {orders / updates:.2f}")
    stage.observe(f"{sum(per_order.values()):.2f} ms of CPU an order: {per_order}")
    return orders, orders / updates


async def _measure_one_client(buyer: Visitor, item_id: str, stage: Stage) -> None:
    stage.step(f"one client places {ALONE} orders")
    before = await _transactions(stage.mesh.postgres)
    seconds = []
    for _ in range(ALONE):
        attempt = await stage.shop.send(buy(buyer, {item_id: 1}, new_key()))
        assert attempt.answered_at is not None
        seconds.append(attempt.answered_at - attempt.invoked_at)
    written = await _transactions(stage.mesh.postgres) - before
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
    stage.observe(f"POST /v1/orders: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
    stage.observe(
        f"{written / ALONE:.2f} commits that write an order, those that settle orders in the background included"
    )


async def _transactions(postgres: str) -> int:
    """How many transactions have written anything so far, in all databases."""
    connection = await asyncpg.connect(postgres)
    try:
        return int(await connection.fetchval(_NEXT_TRANSACTION))
    finally:
        await connection.close()


async def _cpu_seconds(stage: Stage) -> dict[str, float]:
    """By service; the replicas of one count together."""
    seconds: dict[str, float] = {}
    for process in (await stage.mesh.status()).values():
        seconds[process["service"]] = seconds.get(process["service"], 0.0) + process["cpu_seconds"]
    return seconds


async def _orders_per_second(buyers: list[Visitor], item_id: str, stage: Stage) -> float:
    end = time.monotonic() + MEASURED_S

    async def keep_buying(buyer: Visitor) -> int:
        placed = 0
        while time.monotonic() < end:
            attempt = await stage.shop.send(buy(buyer, {item_id: 1}, new_key()))
            placed += attempt.outcome is Outcome.ACCEPTED
        return placed

    began = time.monotonic()
    placed = await asyncio.gather(*(keep_buying(buyer) for buyer in buyers))
    return sum(placed) / (time.monotonic() - began)


def _updates_per_second(postgres: str, clients: int) -> float:
    address = urlsplit(postgres)
    environment = os.environ | {
        "PGHOST": address.hostname or "",
        "PGPORT": str(address.port),
        "PGUSER": address.username or "",
        "PGPASSWORD": address.password or "",
        "PGDATABASE": "postgres",
    }
    table = "CREATE TABLE IF NOT EXISTS hot_row AS SELECT 1 AS id, 100000000 AS units"
    _run([str(postgres_binary("psql")), "--quiet", "--command", table], environment)
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory) / "hot_row.sql"
        script.write_text(_HOT_ROW)
        arguments = (
            f"--no-vacuum --client={clients} --jobs=1 --time={MEASURED_S:.0f} --protocol=prepared --file={script}"
        )
        said = _run([str(postgres_binary("pgbench")), *arguments.split()], environment)
    rate = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    if rate is None:
        raise RuntimeError(f"pgbench told no rate: {said}")
    return float(rate[1])


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own programs
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


EXPERIMENT = Experiment("hot-item", "one item, 10 and 100 clients, against one row of PostgreSQL alone", play)
