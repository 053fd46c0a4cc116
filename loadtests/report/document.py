"""`bench.json`: what was measured, on what machine, by which command."""

import json
import os
import platform
import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import psutil

from loadtests.experiments.results import Panel, Run, Series, Table


@dataclass(frozen=True, slots=True)
class Document:
    machine: dict[str, Any]
    runs: Sequence[Run]
    tables: Sequence[Table]
    series: Sequence[Series] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        content = json.loads(path.read_text())
        tables = [Table(**{**table, "columns": tuple(table["columns"])}) for table in content["tables"]]
        # Reports that were written before there were series have none.
        series = [_series(**each) for each in content.get("series", ())]
        return cls(content["machine"], [Run(**run) for run in content["runs"]], tables, series)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @property
    def name(self) -> str:
        """The folder of this run: UTC time of its start and commit, as `20260131T120000Z-0123abc`."""
        time_text = re.sub(r"[-:]", "", self.machine["started_at"])
        return f"{time_text}-{self.machine['commit']}"

    def of(self, experiment: str) -> list[Run]:
        return [run for run in self.runs if run.experiment == experiment]

    @property
    def errors(self) -> int:
        return sum(run.errors for run in self.runs)


def _series(*, panels: Sequence[dict[str, Any]], **rest: Any) -> Series:
    return Series(panels=[Panel(**panel) for panel in panels], **rest)


def machine_facts(command: str, drivers: int) -> dict[str, Any]:
    """Taken before the experiments: the load is what the machine was busy with besides them."""
    return {
        "command": command,
        "commit": _commit(),
        "started_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": _cpu_model(),
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "driver_processes": drivers,
    }


def _commit() -> str:
    """The abbreviated commit of the tree, `unknown` outside of a repository."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
