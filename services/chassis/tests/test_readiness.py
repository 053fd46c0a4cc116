import asyncio

import pytest
from prometheus_client import REGISTRY

from chassis import readiness
from chassis.background import repeat
from chassis.context import RequestContext, current


class Dependency:
    def __init__(self, *, up: bool) -> None:
        self.up = up

    async def check(self) -> None:
        if not self.up:
            raise ConnectionError


@pytest.fixture
async def told() -> asyncio.Queue[bool]:
    return asyncio.Queue()


async def watching(checks: dict[str, readiness.Check], told: asyncio.Queue[bool]) -> "asyncio.Task[None]":
    return asyncio.create_task(repeat("readiness", readiness.Watch("ready", checks, told.put).check, every_s=0.005))


async def test_each_change_is_told_and_nothing_else(told: asyncio.Queue[bool]):
    dependency = Dependency(up=True)
    watch = await watching({"store": dependency.check}, told)

    for up in (True, False, True):
        dependency.up = up
        assert await asyncio.wait_for(told.get(), 20) is up

    watch.cancel()
    assert told.empty()


async def test_it_is_not_ready_until_every_dependency_has_been_reached(told: asyncio.Queue[bool]):
    first, second = Dependency(up=True), Dependency(up=False)
    rounds: asyncio.Queue[None] = asyncio.Queue()

    async def counted() -> None:
        rounds.put_nowait(None)
        await second.check()

    watch = await watching({"first": first.check, "second": counted}, told)
    for _ in range(3):
        await rounds.get()
    assert told.empty()

    second.up = True
    assert await asyncio.wait_for(told.get(), 20) is True
    watch.cancel()


async def test_a_service_without_dependencies_is_ready(told: asyncio.Queue[bool]):
    watch = await watching({}, told)

    assert await asyncio.wait_for(told.get(), 20) is True
    watch.cancel()


async def test_a_check_that_hangs_fails_and_delays_no_other(monkeypatch):
    monkeypatch.setattr(readiness, "_TIMEOUT_S", 0.05)

    async with asyncio.timeout(20):
        states = await readiness.check_all({"hangs": asyncio.Event().wait, "works": Dependency(up=True).check})

    assert states == {"hangs": False, "works": True}
    assert REGISTRY.get_sample_value("agora_dependency_up", {"dependency": "hangs"}) == 0
    assert REGISTRY.get_sample_value("agora_dependency_up", {"dependency": "works"}) == 1


async def test_a_check_knows_how_long_it_may_take_and_leaves_the_request_alone(
    request_context: RequestContext, monkeypatch
):
    monkeypatch.setattr(readiness, "_TIMEOUT_S", 40.0)
    left: list[float] = []

    async def check() -> None:
        left.append(current().remaining())

    await readiness.check_all({"store": check})

    assert 20.0 < left[0] <= 40.0
    assert current() is request_context
