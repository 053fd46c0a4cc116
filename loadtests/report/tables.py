"""The tables of the report: ours beside the seeds', and everything that was measured."""

from loadtests.experiments.results import Run, Table
from loadtests.report import seeds
from loadtests.report.document import Document


def tables_of(document: Document) -> list[Table]:
    """In the order in which they should be read."""
    marketplace = document.of("marketplace")
    bookstore = document.of("bookstore")
    return [
        *([_marketplace(marketplace)] if marketplace else []),
        *([_bookstore(bookstore)] if bookstore else []),
        *document.tables,
        _everything(document),
    ]


def _marketplace(runs: list[Run]) -> Table:
    by_key = {(run.operation, run.clients, run.transport): run for run in runs}
    rows = []
    for operation in seeds.MARKETPLACE[seeds.S1]:
        for index, clients in enumerate(seeds.CLIENTS):
            s1, s2 = (seeds.MARKETPLACE[name][operation][index] for name in (seeds.S1, seeds.S2))
            socket = by_key.get((operation, clients, "socket"))
            rest = by_key.get((operation, clients, "rest"))
            ours = [value for run in (socket, rest) for value in ((_ms(run), _per_s(run)) if run else ("", ""))]
            rows.append((operation, clients, s1.ms, s1.per_s, *ours[:2], s2.ms, s2.per_s, *ours[2:]))
    return Table(
        "Marketplace: the seeds and Agora",
        (
            "operation", "clients",
            "S1 ms", "S1 /s", "socket ms", "socket /s",
            "S2 ms", "S2 /s", "mesh ms", "mesh /s",
        ),
        rows,
        "S1 is a raw socket server, and so is Agora's monolith; S2 is REST and gRPC, and so is Agora's mesh. "
        "Mean latency in milliseconds, and operations per second.",
    )  # fmt: skip


def _bookstore(runs: list[Run]) -> Table:
    rows = []
    for (clients, operation, cache), figures in seeds.BOOKSTORE.items():
        mode = "off" if cache == "off" else "tiered"
        ours = next(
            (run for run in runs if (run.clients, run.operation, run.cache) == (clients, operation, mode)), None
        )
        tiers = ours.tier_ms if ours else {}
        rows.append(
            (
                clients, operation, cache,
                figures[0], _ms(ours) if ours else "",
                figures[1], tiers.get("gateway", ""),
                figures[2], tiers.get("catalog", ""),
                figures[3] or "", tiers.get("order", ""),
            )
        )  # fmt: skip
    return Table(
        "Bookstore: milliseconds per tier, the seed S3 and Agora",
        (
            "clients", "operation", "cache", "client S3", "client", "front end S3", "gateway",
            "catalog S3", "catalog", "order S3", "order",
        ),
        rows,
        "Each tier's time holds that of the tiers it waited for; a dash stands for a tier that was not asked.",
    )  # fmt: skip


def _everything(document: Document) -> Table:
    rows = [
        (
            run.experiment, run.operation, run.transport, run.cache, run.clients, run.operations, run.throughput_per_s,
            *run.latency_ms.values(),
            run.mesh_cpu_ms_per_operation["total"], run.driver_cpu_share, run.errors,
        )
        for run in document.runs
    ]  # fmt: skip
    return Table(
        "Everything that was measured",
        (
            "experiment", "operation", "transport", "cache", "clients", "operations", "per s",
            "mean ms", "p50", "p95", "p99", "CPU ms", "driver", "errors",
        ),
        rows,
        "CPU ms is what one operation cost the mesh's processes, PostgreSQL and Valkey included, in milliseconds. "
        "Driver is the share of a core that the load generator used: near 1 it was the driver that was measured.",
    )  # fmt: skip


def _ms(run: Run) -> float:
    return run.latency_ms["mean"]


def _per_s(run: Run) -> float:
    return run.throughput_per_s
