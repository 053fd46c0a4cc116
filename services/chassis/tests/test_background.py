"""Background work that fails in every way it can, and goes on."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from prometheus_client import REGISTRY

from chassis import background
from chassis.errors import Unavailable


class Work:
    """Fails with each of `errors` in turn, then succeeds; `rounds` gets an entry for each run."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.rounds: asyncio.Queue[int] = asyncio.Queue()

    async def run(self) -> None:
        self.rounds.put_nowait(len(self._errors))
        if self._errors:
            raise self._errors.pop(0)

    async def succeeded(self) -> None:
        async with asyncio.timeout(30):
            while await self.rounds.get():
                pass


@pytest.fixture
async def repeat() -> AsyncIterator[object]:
    """`task = repeat("name", work)`; it must still run when the test ends."""
    tasks: list[asyncio.Task[None]] = []

    def start(name: str, work: Work) -> "asyncio.Task[None]":
        tasks.append(asyncio.create_task(background.repeat(name, work.run, every_s=0.01)))
        return tasks[-1]

    yield start
    for task in tasks:
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


def failures(task: str, reason: str) -> float | None:
    return REGISTRY.get_sample_value("agora_background_failures_total", {"task": task, "reason": reason})


@pytest.mark.parametrize("error", [KeyError("odd"), RecursionError(), ExceptionGroup("both", [ValueError()])])
async def test_background_survives_an_unexpected_error(repeat, caplog, error: Exception):
    work = Work(error)
    repeat(type(error).__name__, work)

    await work.succeeded()

    assert failures(type(error).__name__, background.UNEXPECTED) == 1
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_background_survives_a_store_that_is_away(repeat, caplog):
    work = Work(Unavailable("away"), ConnectionResetError(), TimeoutError())
    repeat("away", work)

    await work.succeeded()

    assert failures("away", "UNAVAILABLE") == 1
    assert failures("away", "ConnectionResetError") == 1
    assert failures("away", background.UNEXPECTED) == 0
    assert not any(record.exc_info for record in caplog.records)


async def test_background_survives_a_cancelled_call(repeat):
    work = Work(asyncio.CancelledError())
    repeat("cancelled", work)

    await work.succeeded()

    assert failures("cancelled", background.UNEXPECTED) == 1


async def test_background_pauses_longer_after_each_defect(repeat):
    work = Work(*[ValueError()] * 6)
    began = asyncio.get_running_loop().time()
    repeat("defects", work)

    await work.succeeded()

    assert asyncio.get_running_loop().time() - began > 0.8 * 0.01 * (2 + 4 + 8 + 16 + 32 + 64)


async def test_background_ends_when_it_is_told_to_stop():
    stopping = asyncio.Event()
    work = Work()
    task = asyncio.create_task(background.repeat("stopping", work.run, every_s=600.0, stopping=stopping))
    await work.succeeded()

    stopping.set()

    await asyncio.wait_for(task, 30)
