"""What PostgreSQL tells of a service's database: commits, rollbacks, deadlocks, sessions, and who waits for a lock.

Every replica of a service tells the same of the one database, so a query takes the highest of them. The names are those
of OpenTelemetry's receiver for PostgreSQL.
"""

from collections.abc import Iterator
from typing import Final

from asyncpg import Record
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from chassis.postgres import Database
from chassis.queries import Queries

READ_EVERY_S: Final = 5.0
_COUNTERS: Final = {
    "postgresql_commits": "Transactions committed in this database.",
    "postgresql_rollbacks": "Transactions rolled back in this database.",
    "postgresql_deadlocks": "Deadlocks that PostgreSQL had to break.",
}
_GAUGES: Final = {
    "postgresql_backends": "Sessions in this database.",
    "postgresql_lock_waiters": "Sessions of this service that wait for a lock.",
    "postgresql_database_size_bytes": "Size of this database.",
}


class PostgresStatistics(Collector):
    """Asks now and then, not when scraped: a database that hangs must not hang the metrics of its service too."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._query = Queries.of_package("chassis")["database_statistics"]
        self._row: Record | None = None

    async def read(self) -> None:
        """Until it succeeds again, nothing is told of a database that is away."""
        try:
            self._row = await self._database.probe(self._query)
        except Exception:
            self._row = None
            raise

    def collect(self) -> Iterator[Metric]:
        if self._row is not None:
            for name, text in _COUNTERS.items():
                yield CounterMetricFamily(name, text, value=self._row[name])
            for name, text in _GAUGES.items():
                yield GaugeMetricFamily(name, text, value=self._row[name])
