"""``agora mesh top``: what each service does now, for as long as somebody looks."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from localmesh.console import open_console
from localmesh.control import ask
from localmesh.samples import Samples
from localmesh.state import StateDirectory


@dataclass(frozen=True)
class Reading:
    """The mesh at one moment: what the supervisor says of its processes, and what these count themselves."""

    at: float
    processes: list[dict[str, Any]]
    samples: dict[str, Samples]

    @classmethod
    def take(cls, state: StateDirectory) -> "Reading":
        urls: dict[str, list[str]] = {}
        for process in state.published()["processes"]:
            urls.setdefault(process["service"], []).append(process["metrics"])
        samples = {service: Samples.read(of_service) for service, of_service in urls.items()}
        return cls(time.monotonic(), ask(state, "status"), samples)


def show_top(state: StateDirectory, interval: float, *, once: bool, as_json: bool) -> None:
    """Until Ctrl-C; with ``once``, what one interval shows."""
    console = open_console()
    before = Reading.take(state)
    if once or as_json:
        time.sleep(interval)
        rows, facts = compare(before, Reading.take(state))
        console.print_json(json.dumps({"services": rows, **facts})) if as_json else console.print(_view(rows, facts))
        return
    with Live(Text("reading ..."), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(interval)
            now = Reading.take(state)
            live.update(_view(*compare(before, now)), refresh=True)
            before = now


def compare(before: Reading, now: Reading) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A row for each service, and what is told of the mesh as a whole."""
    seconds = now.at - before.at
    cpu_before = {process["name"]: process["cpu_seconds"] for process in before.processes}
    rows = []
    for service in dict.fromkeys(process["service"] for process in now.processes):
        processes = [process for process in now.processes if process["service"] == service]
        spent = (max(0.0, (p["cpu_seconds"] or 0) - (cpu_before.get(p["name"]) or 0)) for p in processes)
        rows.append({
            "service": service,
            "ready": sum(process["health"] == "ready" for process in processes),
            "processes": len(processes),
            "cpu_cores": sum(spent) / seconds,
            "rss_bytes": sum(process["rss_bytes"] or 0 for process in processes),
            **_traffic(before.samples.get(service), now.samples.get(service), seconds),
        })  # fmt: skip
    return rows, _facts(before, now)


def _traffic(before: Samples | None, now: Samples | None, seconds: float) -> dict[str, Any]:
    if before is None or now is None:  # a store
        return {"requests_per_s": None, "failures_per_s": None, "p50_s": None, "p99_s": None}
    between = now.since(before)
    return {
        "requests_per_s": between.requests / seconds,
        "failures_per_s": between.failures / seconds,
        "p50_s": between.duration(0.5),
        "p99_s": between.duration(0.99),
    }


def _facts(before: Reading, now: Reading) -> dict[str, Any]:
    gateway, worker = now.samples.get("gateway"), now.samples.get("review-worker")
    earlier = before.samples.get("gateway")
    return {
        "cache_hit_ratio": gateway.since(earlier).hit_ratio if gateway and earlier else None,
        "stream_lag_s": worker.highest("agora_votes_oldest_age_seconds") if worker else None,
    }


def _view(rows: Iterable[dict[str, Any]], facts: dict[str, Any]) -> RenderableType:
    table = Table("service", box=None)
    for heading in ("ready", "requests/s", "failed/s", "p50", "p99", "CPU", "memory"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(*_cells(row), style=None if row["ready"] == row["processes"] else "red")
    hits, lag = facts["cache_hit_ratio"], facts["stream_lag_s"]
    return Group(
        table,
        f"\ncache hit ratio {'-' if hits is None else f'{hits:.1%}'}"
        f"   stream lag {'-' if lag is None else f'{lag:.1f} s'}",
    )


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    def shown(key: str, form: str, unit: float = 1) -> str:
        return "-" if row[key] is None else form.format(row[key] * unit)

    return (
        row["service"],
        f"{row['ready']}/{row['processes']}",
        shown("requests_per_s", "{:.1f}"),
        shown("failures_per_s", "{:.1f}"),
        shown("p50_s", "{:.2f} ms", 1000),
        shown("p99_s", "{:.2f} ms", 1000),
        shown("cpu_cores", "{:.0%}"),
        shown("rss_bytes", "{:.0f} MiB", 2**-20),
    )
