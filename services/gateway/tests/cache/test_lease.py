"""The cache lease by itself, with a clock of the test's own."""

import asyncio

import pytest

from chassis.errors import Unavailable
from gateway.cache import lease as module
from gateway.cache.lease import CacheLease
from gateway.clients.cache_leases import Lease


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Answers renewals in the order in which the test wants."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[asyncio.Future[Lease]] = asyncio.Queue()

    async def grant(self) -> Lease:
        answer = asyncio.get_running_loop().create_future()
        self.asked.put_nowait(answer)
        return await answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def generations() -> list[int]:
    """What the lease has told."""
    return []


@pytest.fixture
def lease(clock, generations) -> CacheLease:
    lease = CacheLease("catalog", Service().grant, lambda: generations.append(lease.generation), clock)
    return lease


def granted(generation=1, seconds=1.0) -> Lease:
    return Lease(generation, seconds)


def test_there_is_none_before_the_first_answer(lease):
    assert not lease.is_valid


def test_it_counts_from_when_it_was_asked_for(lease, clock):
    lease.take(granted(), clock.now - 0.4)
    clock.now += 0.599
    assert lease.is_valid
    clock.now += 0.002
    assert not lease.is_valid


def test_a_suspension_ends_it_at_once(lease, clock, generations):
    lease.take(granted(), clock.now)
    clock.now += 0.1
    lease.take(granted(2, 0), clock.now)
    assert not lease.is_valid
    assert generations == [1, 2]


def test_a_new_generation_is_told_before_the_lease_is_valid(lease, clock):
    valid = []
    lease._on_new_generation = lambda: valid.append(lease.is_valid)
    lease.take(granted(), clock.now)
    assert valid == [False]
    assert lease.is_valid


def test_an_answer_overtaken_by_a_later_one_is_not_used(lease, clock, generations):
    lease.take(granted(2, 0), clock.now)
    lease.take(granted(1), clock.now - 0.1)
    assert not lease.is_valid
    assert generations == [2]


async def test_renewals_do_not_wait_for_one_that_hangs(monkeypatch, clock, eventually):
    monkeypatch.setattr(module, "_RENEW_EVERY_S", 0.001)
    service = Service()
    lease = CacheLease("catalog", service.grant, lambda: None, clock)
    keeping = asyncio.create_task(lease.keep())
    async with asyncio.timeout(20):
        hangs, fails, answered = [await service.asked.get() for _ in range(3)]
        fails.set_exception(Unavailable("the store is down"))
        answered.set_result(granted())
        await eventually(lambda: lease.is_valid)
        assert not hangs.done()
        await service.asked.get()
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
