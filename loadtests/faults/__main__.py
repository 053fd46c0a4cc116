"""Runs fault experiments one after the other and sums them up: what `make chaos` does.

python -m loadtests.faults [EXPERIMENT...] [--rounds N] [--seed S] [--cache off|shared|tiered] [--pace SECONDS]
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from loadtests.faults import (
    crash_and_recovery,
    even_spread,
    failover_orders,
    flash_sale,
    hot_item,
    order_log,
    random_faults,
    replica_loss,
    returning_replica,
    rolling_restart,
    tier_loss,
    unfinished_orders,
    visible_health,
)
from loadtests.faults.stage import Experiment, Options, Result, perform

_SCENARIOS = (
    crash_and_recovery,
    even_spread,
    failover_orders,
    returning_replica,
    order_log,
    visible_health,
    replica_loss,
    tier_loss,
    rolling_restart,
    unfinished_orders,
    flash_sale,
)
EXPERIMENTS = {scenario.EXPERIMENT.name: scenario.EXPERIMENT for scenario in _SCENARIOS}
RANDOM_FAULTS = "random-faults"
# Played when they are named: a measurement of a machine that has nothing else to do, not a proof.
MEASUREMENTS = {hot_item.EXPERIMENT.name: hot_item.EXPERIMENT}

_FIGURES = ("steps", "kills", "operations", "acknowledged", "violations", "seconds")


def main(arguments: list[str]) -> int:
    names = [*EXPERIMENTS, RANDOM_FAULTS]
    chosen = _parser([*names, *MEASUREMENTS]).parse_args(arguments)
    options = Options(chosen.seed, chosen.cache, chosen.pace, chosen.directory.absolute())
    results = asyncio.run(_perform_all(_experiments(chosen.experiments or names, chosen.rounds), options))
    _print_summary(results, options)
    return 1 if any(result.violations for result in results) else 0


def _experiments(names: list[str], rounds: int) -> Iterator[Experiment]:
    for name in names:
        if name == RANDOM_FAULTS:
            yield from random_faults.experiments(rounds)
        else:
            yield (EXPERIMENTS | MEASUREMENTS)[name]


async def _perform_all(experiments: Iterator[Experiment], options: Options) -> list[Result]:
    return [await perform(experiment, options) for experiment in experiments]


def _print_summary(results: list[Result], options: Options) -> None:
    print(f"\n{'experiment':<22}" + "".join(f"{heading:>14}" for heading in _FIGURES))
    for result in results:
        print(f"{result.experiment:<22}" + "".join(f"{figure:>14}" for figure in _figures(result)))
    for result in results:
        for violation in result.violations:
            print(f"{result.experiment}, seed {options.seed}: {violation}")


def _figures(result: Result) -> tuple[int, ...]:
    violations, seconds = len(result.violations), round(result.seconds)
    return result.steps, result.kills, result.operations, result.acknowledged, violations, seconds


def _parser(names: list[str]) -> argparse.ArgumentParser:
    local = Path(os.environ.get("AGORA_LOCAL_DIR") or ".local")
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.faults", description="Fault experiments on local meshes."
    )
    parser.add_argument(
        "experiments",
        nargs="*",
        metavar="EXPERIMENT",
        type=_one_of(names),
        help=f"the proofs when left out: {', '.join(names)}",
    )
    parser.add_argument("--rounds", type=int, default=20, help=f"of {RANDOM_FAULTS}; %(default)s")
    parser.add_argument("--seed", type=int, default=1, help="of everything random; %(default)s")
    parser.add_argument("--cache", choices=("off", "shared", "tiered"), default="tiered", help="%(default)s")
    parser.add_argument("--pace", type=float, default=0.3, help="seconds between the nine buys; %(default)s")
    parser.add_argument("--directory", type=Path, default=local / "chaos", help="for histories; %(default)s")
    return parser


def _one_of(names: list[str]) -> Callable[[str], str]:
    def known(name: str) -> str:
        if name not in names:
            raise argparse.ArgumentTypeError(f"no experiment {name!r}")
        return name

    return known


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
