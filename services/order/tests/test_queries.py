"""Every query fits the migrated schema, and none is left over."""

import re
from importlib.resources import files

import asyncpg

from chassis.queries import Queries

QUERIES = Queries.of_package("order")


async def test_every_query_can_be_prepared(database_for, subtests):
    connection = await asyncpg.connect(await database_for("order"))
    try:
        for name, sql in QUERIES.items():
            with subtests.test(name=name):
                await connection.prepare(sql)
    finally:
        await connection.close()


def test_every_query_is_used_and_every_used_one_exists():
    modules = [path for path in files("order").iterdir() if path.name.endswith(".py")]
    source = "\n".join(path.read_text("utf-8") for path in [*modules, files("chassis") / "idempotency.py"])
    called = set(re.findall(r"(?:fetch|fetchrow|execute)\(\s*\"(\w+)\"", source))
    called |= set(re.findall(r"queries\[\"(\w+)\"\]", source))
    assert called == set(QUERIES)
