"""The command that loads the sample sellers."""

import os
import subprocess
import sys

import asyncpg
import pytest

from chassis.errors import Refusal


def load(dsn, count):
    return subprocess.run(
        [sys.executable, "-m", "account.sample", "--sellers", str(count)],
        env={**os.environ, "DATABASE_URL": dsn},
        capture_output=True,
        text=True,
        check=False,
    )


async def test_sellers_are_the_same_however_often_they_are_loaded(dsn):
    first, second = load(dsn, 2), load(dsn, 3)
    assert first.stderr == "progress 2 2\n"
    assert second.stdout.splitlines()[:2] == first.stdout.splitlines()
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT id, username, role, password_hash FROM accounts ORDER BY username")
    await connection.close()
    assert [str(row["id"]) for row in rows] == second.stdout.splitlines()
    assert [tuple(row)[1:] for row in rows] == [(f"sample-seller-00{n}", "seller", "!") for n in (1, 2, 3)]


async def test_nobody_can_sign_in_as_a_sample_seller(dsn, replica):
    load(dsn, 1)
    with pytest.raises(Refusal, match="wrong"):
        await replica.sign_in("sample-seller-001", "!")
    with pytest.raises(Refusal, match="wrong"):
        await replica.sign_in("sample-seller-001", "any password")


async def test_a_database_that_is_away_is_told_in_one_line():
    loaded = load("postgresql://nobody@127.0.0.1:1/none", 1)
    assert loaded.returncode == 1
    assert loaded.stderr.splitlines()[-1] == "account.sample: the database is not reachable"
    assert "Traceback" not in loaded.stderr
