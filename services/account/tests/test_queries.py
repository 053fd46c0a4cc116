"""Every query fits the migrated schema."""

import asyncpg
import pytest

from chassis.queries import Queries

QUERIES = Queries.of_package("account")


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_can_be_prepared(name, dsn):
    connection = await asyncpg.connect(dsn)
    try:
        await connection.prepare(QUERIES[name])
    finally:
        await connection.close()
