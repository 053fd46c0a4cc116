"""Hashing under load, and what it gives away."""

import asyncio
import os
import statistics
import sys
import threading
import time

import pytest
from argon2 import PasswordHasher

from account import passwords as module
from account.domain import UNUSABLE_HASH
from account.errors import TooManySignIns
from account.passwords import Passwords
from chassis.fair_queue import Lane


@pytest.fixture
def passwords():
    return Passwords()


async def test_a_password_matches_its_own_hash_only(passwords):
    password_hash = await passwords.hash("correct horse")
    assert await passwords.verify(password_hash, "correct horse")
    assert not await passwords.verify(password_hash, "battery staple")


async def test_hashes_are_argon2id_with_the_parameters_owasp_names(passwords):
    assert (await passwords.hash("correct horse")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_no_password_matches_an_account_without_one(passwords):
    assert not await passwords.verify(UNUSABLE_HASH, UNUSABLE_HASH)


async def test_a_hash_of_other_parameters_is_outdated(passwords):
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse"))
    assert not passwords.is_outdated(await passwords.hash("correct horse"))


async def test_an_unknown_username_costs_as_much_as_a_wrong_password(passwords):
    password_hash = await passwords.hash("correct horse")

    async def seconds(stored: str) -> float:
        """Of this process alone: a machine that is busy otherwise makes waiting longer, not work."""
        started = time.process_time()
        assert not await passwords.verify(stored, "battery staple")
        return time.process_time() - started

    pairs = [(await seconds(password_hash), await seconds(UNUSABLE_HASH)) for _ in range(15)]
    wrong, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert unknown == pytest.approx(wrong, rel=0.5)


async def test_more_than_the_queue_holds_are_refused_at_once():
    passwords = Passwords(max_waiting=6)

    async def hashed():
        async with passwords.turn(Lane("192.0.2.7")):
            return await passwords.hash("correct horse")

    outcomes = await asyncio.gather(*(hashed() for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, TooManySignIns) for outcome in outcomes) == 5, "one client takes half of the room"
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 5


class GatedHasher(PasswordHasher):
    """Hashes while the gate is open, and counts."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.gate = threading.Event()
        self.hashed = 0

    def hash(self, password, **options):
        self.gate.wait()
        self.hashed += 1
        return super().hash(password, **options)


async def test_a_caller_that_gives_up_leaves_the_queue(passwords, monkeypatch):
    hasher = GatedHasher()
    monkeypatch.setattr(module, "_HASHER", hasher)

    async def hashed():
        async with passwords.turn(Lane("192.0.2.7")):
            await passwords.hash("correct horse")

    waiting = [asyncio.create_task(hashed()) for _ in range(200)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    hasher.gate.set()
    await hashed()
    assert hasher.hashed <= 3, "at most the two that had begun are hashed first"


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux' own")
async def test_hashing_threads_have_a_lower_priority(passwords):
    assert await passwords._run(os.nice, 0) > os.nice(0)
