"""Store: the pools, the queries by their names, and what PostgreSQL itself tells."""

from typing import Final

from charts.dashboards.panels import Board, Panel, quantiles, rate

_DURATION: Final = "db_client_operation_duration_seconds"
_POSTGRESQL: Final = 'db_system_name="postgresql"'
_BY_QUERY: Final = f"sum by (job, db_query_summary) (rate({_DURATION}_sum{{{_POSTGRESQL}}}[$__rate_interval]))"
_QUANTILES: Final = quantiles(_DURATION, "db_query_summary", _POSTGRESQL)

BOARD: Final = Board(
    "agora-store",
    "Agora / Store",
    "Pools, queries by name, locks and commits.",
    {
        "Pools": (
            Panel("Connections in use, of those allowed", "percentunit", {
                "{{job}}": (
                    'sum by (job) (db_client_connection_count{db_client_connection_state="used"})'
                    " / sum by (job) (db_client_connection_max)"
                ),
            }),
            Panel("Wait for a connection", "s", quantiles("db_client_connection_wait_time_seconds", "job")),
            Panel("Requests waiting, and given up", "short", {
                "waiting {{job}}": "sum by (job) (db_client_connection_pending_requests)",
                "given up {{job}}": "sum by (job) (increase(db_client_connection_timeouts_total[$__rate_interval]))",
            }),
        ),
        "Queries": (
            Panel("Queries", "ops", {
                "{{db_query_summary}}": rate(f"{_DURATION}_count", "db_query_summary", _POSTGRESQL),
            }),
            Panel("Duration, p99", "s", {
                "{{db_query_summary}}": _QUANTILES["p99 {{db_query_summary}}"],
            }),
            Panel("The ten that take most of the time", "percentunit", {
                "{{job}} {{db_query_summary}}": f"topk(10, {_BY_QUERY})",
            }, "Connections kept busy by each."),
        ),
        "Locks and commits": (
            Panel("Commits and rollbacks", "ops", {
                "commits {{job}}": "max by (job) (rate(postgresql_commits_total[$__rate_interval]))",
                "rollbacks {{job}}": "max by (job) (rate(postgresql_rollbacks_total[$__rate_interval]))",
            }),
            Panel("Duration of a commit", "s", quantiles(_DURATION, "job", 'db_query_summary="COMMIT"')),
            Panel("Waiting for a lock, and deadlocks", "short", {
                "waiting {{job}}": "max by (job) (postgresql_lock_waiters)",
                "deadlocks {{job}}": "max by (job) (increase(postgresql_deadlocks_total[$__rate_interval]))",
            }),
        ),
        "Databases": (
            Panel("Sessions", "short", {"{{job}}": "max by (job) (postgresql_backends)"}),
            Panel("Size", "bytes", {"{{job}}": "max by (job) (postgresql_database_size_bytes)"}),
        ),
    },
)  # fmt: skip
