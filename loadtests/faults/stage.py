"""Where a scenario is played: it is told step by step, its expectations are kept, and in the end it is judged."""

import asyncio
import random
import shutil
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

from loadtests.faults.check_orders import UNDECIDED_S
from loadtests.faults.checker import check, tell
from loadtests.faults.history import History, Recorder
from loadtests.faults.mesh import Mesh, running_mesh, stop_leftover
from loadtests.faults.purchases import by_order_id, purchases_of
from loadtests.faults.sabotage import sabotaged
from loadtests.faults.shop import Shop
from loadtests.faults.state import ShopState, read_state

_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Options:
    """What `python -m loadtests.faults` was asked for."""

    seed: int
    cache: str
    pace_s: float
    directory: Path
    scale: float = 1.0
    sabotage: str | None = None


@dataclass(slots=True)
class Result:
    experiment: str
    steps: int = 0
    kills: int = 0
    operations: int = 0
    acknowledged: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Stage:
    def __init__(self, result: Result, mesh: Mesh, shop: Shop, recorder: Recorder, options: Options) -> None:
        self.mesh = mesh
        self.options = options
        self.shop = shop
        self.random = random.Random(f"{options.seed}/{result.experiment}")  # noqa: S311 - to be repeated, not to be secret
        self.result = result
        self._recorder = recorder
        self._began = time.monotonic()

    @property
    def history(self) -> History:
        return self._recorder.history

    def step(self, text: str) -> None:
        """Something the scenario does."""
        self.result.steps += 1
        self._recorder.note(text)
        self._print(text)

    def expect(self, holds: bool, text: str) -> None:
        """Something that must be so; when it is not, the experiment goes on and fails in the end."""
        self._print(f"{'ok:' if holds else 'FAILED:'} {text}")
        if not holds:
            self.result.violations.append(f"not so: {text}")

    def observe(self, text: str) -> None:
        """A figure or a fact, as it was found."""
        self._print(text)

    async def kill(self, name: str, *, stay_down: bool = False) -> None:
        self.result.kills += 1
        self.step(f"SIGKILL {name}{', to stay down' if stay_down else ''}")
        await self.mesh.kill(name, stay_down=stay_down)

    async def start(self, name: str) -> None:
        """Returns when the process is ready."""
        self.step(f"start {name} again")
        await self.mesh.start(name)

    @asynccontextmanager
    async def fault(
        self, text: str, injection: AbstractAsyncContextManager[None], item_ids: tuple[str, ...] = ()
    ) -> AsyncIterator[None]:
        """A fault that lasts as long as the block, and is in the history."""
        self.step(text)
        fault = self._recorder.fault_began(text, item_ids)
        try:
            async with injection:
                yield
        finally:
            self._recorder.fault_ended(fault)

    async def lasting(self, seconds: float) -> None:
        """Wait for that long, times the scale that was asked for."""
        await asyncio.sleep(seconds * self.options.scale)

    async def judge(self) -> int:
        """Make the mesh whole, wait until every order is decided, and let the checker judge all that was so far.

        Returns how many violations it found that it had not found before.
        """
        await self.mesh.make_whole()
        state = await self._read_quiet_state()
        (self.mesh.directory.parent / "state.json").write_text(state.to_json())
        history = self.history
        found = [violation for violation in check(history, state) if str(violation) not in self.result.violations]
        tell(found, history)
        self.result.violations += map(str, found)
        self.result.operations = len(history.attempts)
        self.result.acknowledged = len(by_order_id(purchases_of(history)))
        return len(found)

    async def _read_quiet_state(self) -> ShopState:
        """When no order is undecided any more, or has been for longer than it may."""
        deadline = time.monotonic() + UNDECIDED_S + 1
        while True:
            state = await read_state(self.mesh.postgres)
            if not state.open_reservations() or time.monotonic() > deadline:
                return state
            await asyncio.sleep(_LOOK_EVERY_S)

    def _print(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {text}", flush=True)


Scenario = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Experiment:
    """A scenario and the mesh it wants; `cache` is what it must have, where that matters to it."""

    name: str
    says: str
    play: Scenario
    cache: str | None = None
    replicas: str = ""
    gateways: int = 1
    proxied: bool = False


async def perform(experiment: Experiment, options: Options, results: list[Result]) -> None:
    """Play an experiment on a clean mesh of its own, and judge it. Its result is there from its beginning on."""
    began = time.monotonic()
    print(f"\n{experiment.name}: {experiment.says}", flush=True)
    result = Result(experiment.name)
    results.append(result)
    try:
        async with _stage(experiment, options, result) as stage:
            await experiment.play(stage)
            await stage.judge()
    except Exception as error:  # the other experiments go on, and the summary tells of this one
        traceback.print_exception(error)
        result.violations.append(f"ended by {type(error).__name__}: {error}")
    finally:
        result.seconds = time.monotonic() - began
    print(f"{experiment.name}: {'FAILED' if result.violations else 'passed'}", flush=True)


@asynccontextmanager
async def _stage(experiment: Experiment, options: Options, result: Result) -> AsyncIterator[Stage]:
    directory = options.directory / experiment.name
    mesh_directory = directory / "mesh"
    stop_leftover(mesh_directory)
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    cache = experiment.cache or options.cache
    with closing(Recorder(directory / "history.jsonl", cache=cache)) as recorder:
        async with (
            running_mesh(
                mesh_directory,
                cache=cache,
                replicas=experiment.replicas,
                gateways=experiment.gateways,
                proxied=experiment.proxied,
            ) as mesh,
            sabotaged(mesh.gateways, options.sabotage) as gateways,
            aclosing(Shop(gateways, recorder)) as shop,
        ):
            yield Stage(result, mesh, shop, recorder, options)
    if not result.violations:
        shutil.rmtree(mesh_directory)
