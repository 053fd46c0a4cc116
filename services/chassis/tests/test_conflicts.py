"""Transactions that collide run again, a bounded number of times."""

import asyncpg
import pytest

from chassis.conflicts import retry_conflicts
from chassis.postgres_errors import StoreBusy


class Colliding:
    """Fails with `error` so many times."""

    def __init__(self, times: int, error: Exception) -> None:
        self.times = times
        self.error = error
        self.runs = 0

    async def __call__(self) -> str:
        self.runs += 1
        if self.runs <= self.times:
            raise self.error
        return "done"


async def test_a_transaction_that_collided_runs_again():
    transaction = Colliding(2, asyncpg.DeadlockDetectedError("deadlock"))

    assert await retry_conflicts(transaction) == "done"
    assert transaction.runs == 3


async def test_a_transaction_that_collides_every_time_is_given_up():
    transaction = Colliding(1000, asyncpg.SerializationError("serialization"))

    with pytest.raises(StoreBusy):
        await retry_conflicts(transaction)
    assert transaction.runs < 10


async def test_other_errors_pass_unless_the_caller_calls_them_conflicts():
    error = LookupError("taken")

    with pytest.raises(LookupError):
        await retry_conflicts(Colliding(1, error))
    assert await retry_conflicts(Colliding(1, error), lambda raised: raised is error) == "done"
