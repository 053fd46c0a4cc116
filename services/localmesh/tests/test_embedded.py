"""The throwaway stores that the tests of other packages stand on."""

from pathlib import Path

import asyncpg
import redis

from localmesh.embedded import EmbeddedStores


async def test_embedded_stores_serve_sql_and_both_valkeys(tmp_path: Path):
    with EmbeddedStores(tmp_path / "stores") as stores:
        connection = await asyncpg.connect(stores.postgres_dsn())
        assert await connection.fetchval("SELECT 6 * 7") == 42
        await connection.close()
        for url, policy in ((stores.redis_url, "allkeys-lru"), (stores.stream_url, "noeviction")):
            with redis.Redis.from_url(url, decode_responses=True) as client:
                assert client.config_get("maxmemory-policy") == {"maxmemory-policy": policy}
