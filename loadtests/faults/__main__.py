"""Runs fault experiments one after the other and sums them up: what `make chaos` does.

python -m loadtests.faults [EXPERIMENT...] [--rounds N] [--seed S] [--cache MODE] [--scale X] [--sabotage LIE]
"""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from loadtests.faults import (
    crash_and_recovery,
    even_spread,
    failover_orders,
    flash_sale,
    hot_item,
    key_reuse,
    locked_item,
    order_log,
    patch_once,
    paused_gateway,
    paused_replica,
    poisoned_batch,
    random_faults,
    read_only_database,
    rejected_keys,
    replica_loss,
    returning_replica,
    rolling_restart,
    tier_away,
    tier_loss,
    unfinished_orders,
    visible_health,
    writers_cut_off,
)
from loadtests.faults.lies import LIES
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
    rejected_keys,
    patch_once,
    key_reuse,
    tier_away,
    locked_item,
    paused_replica,
    read_only_database,
    poisoned_batch,
    paused_gateway,
)
EXPERIMENTS = {scenario.EXPERIMENT.name: (scenario.EXPERIMENT,) for scenario in _SCENARIOS} | {
    "writers-cut-off": writers_cut_off.EXPERIMENTS
}
RANDOM_FAULTS = "random-faults"
# Played when they are named: a measurement of a machine that has nothing else to do, not a proof.
MEASUREMENTS = {hot_item.EXPERIMENT.name: (hot_item.EXPERIMENT,)}

# As shells report SIGINT.
_INTERRUPTED = 130
_SHOWN = 10
_FIGURES = ("steps", "kills", "operations", "acknowledged", "violations", "seconds")


def main(arguments: list[str]) -> int:
    names = [*EXPERIMENTS, RANDOM_FAULTS]
    chosen = _parser([*names, *MEASUREMENTS]).parse_args(arguments)
    options = Options(
        chosen.seed, chosen.cache, chosen.pace, chosen.directory.absolute(), chosen.scale, chosen.sabotage
    )
    results: list[Result] = []
    experiments = _experiments(chosen.experiments or names, chosen.rounds)
    is_whole = asyncio.run(_perform_until_interrupted(experiments, options, results))
    _print_summary(results, options)
    if not is_whole:
        print("interrupted: this is not all that was asked for", file=sys.stderr)
    if any(result.violations for result in results):
        return 1
    return 0 if is_whole else _INTERRUPTED


def _experiments(names: list[str], rounds: int) -> Iterator[Experiment]:
    for name in names:
        if name == RANDOM_FAULTS:
            yield from random_faults.experiments(rounds)
        else:
            yield from (EXPERIMENTS | MEASUREMENTS)[name]


async def _perform_until_interrupted(
    experiments: Iterator[Experiment], options: Options, results: list[Result]
) -> bool:
    """Append each result; return False when SIGINT or SIGTERM came first, with the mesh stopped."""
    performing = asyncio.create_task(_perform_all(experiments, options, results))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _cancel_once, performing)
    with suppress(asyncio.CancelledError):
        await performing
    return not performing.cancelled()


def _cancel_once(task: asyncio.Task[None]) -> None:
    """A second signal must not interrupt the stopping of the mesh."""
    if not task.cancelling():
        print("\ninterrupted: stopping the mesh", file=sys.stderr, flush=True)
        task.cancel()


async def _perform_all(experiments: Iterator[Experiment], options: Options, results: list[Result]) -> None:
    for experiment in experiments:
        await perform(experiment, options, results)


def _print_summary(results: list[Result], options: Options) -> None:
    print(f"\n{'experiment':<22}" + "".join(f"{heading:>14}" for heading in _FIGURES))
    for result in results:
        print(f"{result.experiment:<22}" + "".join(f"{figure:>14}" for figure in _figures(result)))
    for result in results:
        for violation in result.violations[:_SHOWN]:
            print(f"{result.experiment}, seed {options.seed}: {violation}")
        if len(result.violations) > _SHOWN:
            print(f"{result.experiment}, seed {options.seed}: and {len(result.violations) - _SHOWN} more")


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
    parser.add_argument("--scale", type=float, default=1.0, help="of how long the named faults last; %(default)s")
    parser.add_argument("--sabotage", choices=LIES, help="put gateways that lie in front; the checker must find it")
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
