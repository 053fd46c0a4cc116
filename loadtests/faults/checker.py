"""Decides from a history and the databases whether the shop kept its promises.

python -m loadtests.faults.checker HISTORY (--mesh .local/mesh.json | --state STATE)
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from pathlib import Path

from loadtests.faults.check_answers import check_answers
from loadtests.faults.check_carts import check_carts
from loadtests.faults.check_changes import check_changes
from loadtests.faults.check_latency import check_latency
from loadtests.faults.check_orders import check_orders
from loadtests.faults.check_prices import check_prices
from loadtests.faults.check_reads import check_reads
from loadtests.faults.check_stock import check_stock
from loadtests.faults.history import History, read_history
from loadtests.faults.purchases import purchases_of
from loadtests.faults.state import ShopState, read_state
from loadtests.faults.violation import Kind, Violation, excerpt

SHOWN_OF_A_KIND = 3


def check(history: History, state: ShopState) -> list[Violation]:
    """Every broken promise. The state is to be read when no request is under way any more."""
    purchases = purchases_of(history)
    return [
        *check_answers(history),
        *check_orders(purchases, state),
        *check_prices(history, purchases, state),
        *check_stock(history, purchases, state),
        *check_changes(history),
        *check_reads(history, purchases, state),
        *check_latency(history),
        *check_carts(history, purchases, state),
    ]


def tell(violations: list[Violation], history: History) -> None:
    """Print a few of each kind: one broken promise often shows in hundreds of answers."""
    of_kind = Counter[Kind]()
    for violation in violations:
        of_kind[violation.kind] += 1
        if of_kind[violation.kind] <= SHOWN_OF_A_KIND:
            print(f"VIOLATION {violation}")
            for line in excerpt(history, violation.attempts):
                print(f"    {line}")
    for kind, times in of_kind.items():
        if times > SHOWN_OF_A_KIND:
            print(f"VIOLATION {kind}: {times} in all")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m loadtests.faults.checker", description=__doc__.partition("\n")[0])
    parser.add_argument("history", type=Path)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--mesh", type=Path, help="mesh.json of the mesh, while it runs")
    source.add_argument("--state", type=Path, help="what an experiment wrote beside its history")
    chosen = parser.parse_args(arguments)
    history = read_history(chosen.history)
    violations = check(history, _state(chosen.mesh, chosen.state))
    tell(violations, history)
    print(f"{len(history.attempts)} attempts, {len(violations)} violations")
    return 1 if violations else 0


def _state(mesh: Path | None, dump: Path | None) -> ShopState:
    if dump is not None:
        return ShopState.from_json(dump.read_text())
    assert mesh is not None
    return asyncio.run(read_state(json.loads(mesh.read_text())["postgres"]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
