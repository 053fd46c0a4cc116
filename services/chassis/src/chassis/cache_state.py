"""Cache state of a service: the generation of cached copies of its rows, and suspensions of caching.

One row of the service's PostgreSQL, which is what all its writers share. State decides and no clock does: leases are
granted only while no suspension is in force, and one that is in force ends by a statement, so that whoever extended it
knows that no lease was granted since it began. A wrong clock makes it last longer or shorter, and nothing else.
"""

from datetime import timedelta
from typing import Final, NamedTuple

from asyncpg import Record

from chassis.postgres import Database
from chassis.queries import Queries

# How long a reader may use cached copies after it sent the request for its lease.
LEASE_S: Final = 1.0
# Longer than writers take between two attempts to extend it (see test_suspension_lasts_while_redis_is_unreachable).
SUSPENSION: Final = timedelta(seconds=3)


class Lease(NamedTuple):
    """Generation of the copies that may be read and filled, and for how long; 0 ms while caching is suspended."""

    generation: int
    milliseconds: int


class CacheState:
    """Raises StoreDown and StoreSlow. Uses the probing connection: a pool in full use must not end leases."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queries = Queries.of_package("chassis")

    async def lease(self) -> Lease:
        """Grant a lease, if no suspension is in force."""
        row = await self._probe("read_cache_state")
        if row["has_lapsed"]:
            await self._database.probe(self._queries["end_suspension"])
        return Lease(row["generation"], 0 if row["is_suspended"] else int(LEASE_S * 1000))

    async def suspend(self) -> int:
        """Begin or extend a suspension; return its generation once it is committed."""
        return int((await self._probe("suspend_caching", SUSPENSION))["generation"])

    async def _probe(self, name: str, *arguments: object) -> Record:
        row = await self._database.probe(self._queries[name], *arguments)
        assert row is not None
        return row
