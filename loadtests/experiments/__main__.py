"""`python -m loadtests.experiments [EXPERIMENT...] [--quick]`: measure, and write the report."""

import argparse
import shlex
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table as RichTable

from loadtests.driver.fleet import Fleet
from loadtests.experiments import albums, bookstore, hit_miss, limits, marketplace, staleness, tracing
from loadtests.experiments.lab import QUICK, SEEDS, Extent, Lab
from loadtests.experiments.mesh import MeshLauncher
from loadtests.experiments.progress import Progress
from loadtests.experiments.results import Results, Table
from loadtests.report.document import Document, machine_facts
from loadtests.report.page import write_report
from localmesh.errors import MeshError

# Those that want the same mesh stand beside each other.
EXPERIMENTS: Final = {
    module.NAME: module for module in (marketplace, hit_miss, bookstore, albums, staleness, limits, tracing)
}
_SAMPLE_ITEMS: Final = 10_000
# As shells tell of SIGINT.
_INTERRUPTED: Final = 130


def main() -> int:
    parser = _parser()
    arguments = parser.parse_args()
    names = arguments.experiments or list(EXPERIMENTS)
    if unknown := set(names) - set(EXPERIMENTS):
        parser.error(f"no experiment {', '.join(sorted(unknown))}: choose of {', '.join(EXPERIMENTS)}")
    extent = _extent(arguments)
    machine = machine_facts(shlex.join(["python", "-m", "loadtests.experiments", *sys.argv[1:]]), arguments.drivers)
    began = time.monotonic()
    try:
        results, is_whole = _perform(names, extent, arguments.drivers)
    except MeshError as error:
        print(f"loadtests.experiments: {error}", file=sys.stderr)
        return 1
    machine["took_s"] = round(time.monotonic() - began)
    if not is_whole:
        machine["interrupted"] = "some cells are missing"
        print("loadtests.experiments: interrupted", file=sys.stderr)
    if results.runs or results.tables:
        _report(Document(machine, results.runs, results.tables, results.series), arguments.reports)
    for what, times in results.errors.most_common(10):
        print(f"{times} times: {what}", file=sys.stderr)
    if not is_whole:
        return _INTERRUPTED
    return 1 if results.errors else 0


def _report(document: Document, reports: Path) -> None:
    """Write the run's own folder; the newest complete run is also copied to `reports` itself."""
    for table in document.tables:
        _print(table)
    folder = reports / document.name
    page = write_report(document, folder)
    if "interrupted" not in document.machine:
        page = shutil.copytree(folder, reports, dirs_exist_ok=True) / page.name
    print(page)


def _print(table: Table) -> None:
    columns = RichTable(*table.columns, title=table.title, caption=table.note, title_justify="left")
    for row in table.rows:
        columns.add_row(*map(str, row))
    Console().print(columns)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.experiments",
        description="Repeat the seeds' experiments on a mesh of their own, and write reports/.",
    )
    parser.add_argument(
        "experiments", nargs="*", metavar="EXPERIMENT", help=f"of {', '.join(EXPERIMENTS)}; default: all"
    )
    parser.add_argument("--quick", action="store_true", help="two to three minutes in all instead of hours")
    parser.add_argument("--runs", type=int, metavar="N", help="of each cell, 10 as in the seeds")
    parser.add_argument("--operations", type=int, metavar="N", help="of each client, 1000 as in the seeds")
    parser.add_argument("--drivers", type=int, default=1, metavar="N", help="processes that send requests, 1")
    parser.add_argument("--reports", type=Path, default=Path("reports"), metavar="DIR")
    return parser


def _extent(arguments: argparse.Namespace) -> Extent:
    extent = QUICK if arguments.quick else SEEDS
    asked = {"runs": arguments.runs, "operations": arguments.operations}
    return replace(extent, **{name: value for name, value in asked.items() if value})


def _perform(names: list[str], extent: Extent, drivers: int) -> tuple[Results, bool]:
    """What was measured, and whether that is all: an hour's work is not thrown away because somebody ends it."""
    expected_s = sum(EXPERIMENTS[name].expected_s(extent) for name in names)
    results = Results()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="agora-bench-", ignore_cleanup_errors=True) as directory,
            MeshLauncher(Path(directory) / "mesh", _SAMPLE_ITEMS) as launcher,
            Fleet(drivers) as fleet,
            Progress(expected_s) as progress,
        ):
            lab = Lab(launcher, fleet, extent, progress, results)
            for name in names:
                EXPERIMENTS[name].run(lab)
    except KeyboardInterrupt:
        return results, False
    return results, True


if __name__ == "__main__":
    # SIGTERM ends a run as Ctrl-C does: the mesh is stopped, and what was measured is reported.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
