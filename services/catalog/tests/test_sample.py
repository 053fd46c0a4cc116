"""The sample marketplace: the same items every time, an interrupted load goes on, a greater number tops up."""

import asyncio
import os
import subprocess
import sys

import asyncpg
import pytest

from catalog import sample
from catalog.domain import Condition, NewItem

SELLERS = ["seller-a", "seller-b", "seller-c"]
ROWS = """
    SELECT
        seller_id, request_id, name, category, keywords, search_keywords, condition, price_cents, quantity, created_at
    FROM items
    WHERE request_id LIKE 'sample-%'
    ORDER BY id
"""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(sample, "_CHUNK", 100)


async def rows_of(dsn):
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(ROWS)]
    finally:
        await connection.close()


def run(dsn, *arguments, sellers=SELLERS):
    return subprocess.run(
        [sys.executable, "-m", "catalog.sample", *arguments],
        env={**os.environ, "DATABASE_URL": dsn},
        input="\n".join(sellers),
        capture_output=True,
        text=True,
        check=False,
    )


async def test_a_load_in_steps_or_at_once_makes_the_same_items(dsn, database_for, capsys):
    at_once = await database_for("catalog")
    await sample.load(at_once, SELLERS, 250)
    capsys.readouterr()
    await sample.load(dsn, SELLERS, 120)
    await sample.load(dsn, SELLERS, 250)
    assert capsys.readouterr().err.split("\n")[:-1] == [
        *("progress 100 120", "progress 120 120"),
        *("progress 220 250", "progress 250 250"),
    ]
    assert await rows_of(dsn) == await rows_of(at_once)
    assert len(await rows_of(dsn)) == 250


async def test_an_interrupted_load_goes_on_where_it_stopped(dsn, database_for, monkeypatch):
    whole = await database_for("catalog")
    await sample.load(whole, SELLERS, 250)
    items = sample.sample_items

    def breaking_off(sellers, start, stop):
        for number, row in enumerate(items(sellers, start, stop), start):
            if number == 150:
                raise ConnectionResetError
            yield row

    with monkeypatch.context() as broken:
        broken.setattr(sample, "sample_items", breaking_off)
        with pytest.raises(ConnectionResetError):
            await sample.load(dsn, SELLERS, 250)
    assert len(await rows_of(dsn)) == 100
    await sample.load(dsn, SELLERS, 250)
    assert await rows_of(dsn) == await rows_of(whole)


async def test_two_loads_at_once_load_each_item_once(dsn):
    await asyncio.gather(*(sample.load(dsn, SELLERS, 300) for _ in range(2)))
    assert [row[1] for row in await rows_of(dsn)] == [f"sample-{number}" for number in range(300)]


async def test_a_smaller_number_later_takes_nothing_away(dsn):
    await sample.load(dsn, SELLERS, 150)
    await sample.load(dsn, SELLERS, 20)
    assert len(await rows_of(dsn)) == 150


async def test_no_items_are_loaded_when_none_are_asked_for(dsn):
    done = run(dsn, "--items", "0", sellers=[])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert await rows_of(dsn) == []


async def test_the_command_loads_what_it_is_asked_for(dsn):
    done = run(dsn, "--items", "30")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "progress 30 30\n")
    assert {row[0] for row in await rows_of(dsn)} == set(SELLERS)


def test_items_without_sellers_are_wrong_usage():
    done = run("postgresql://nobody@127.0.0.1:1/none", "--items", "1", sellers=[])
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "python -m catalog.sample: error: no seller ids on standard input"


def test_a_database_that_is_away_or_not_named_is_told_in_one_line():
    away, unnamed = run("postgresql://nobody@127.0.0.1:1/none", "--items", "1"), run("", "--items", "1")
    assert (away.returncode, unnamed.returncode) == (1, 2)
    assert away.stderr.startswith("catalog.sample: ")
    assert unnamed.stderr.startswith("configuration: DATABASE_URL ")
    assert [done.stderr.count("\n") for done in (away, unnamed)] == [1, 1]


def test_every_sample_item_is_one_a_seller_may_register():
    for row in sample.sample_items(SELLERS, 999_000, 1_000_000):
        seller_id, request_id, name, category, keywords, search_keywords, condition, price, currency, quantity, _ = row
        item = NewItem(
            seller_id, request_id, name, category, tuple(keywords), Condition(condition), price, currency, quantity
        )
        assert search_keywords == item.search_keywords
