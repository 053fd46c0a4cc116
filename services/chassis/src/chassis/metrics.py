"""Prometheus metrics every process has, and the port they are read from. A service's own stand in its `metrics.py`."""

from functools import cache
from typing import Final

from prometheus_client import Counter, Gauge, Info, start_http_server

from chassis.instruments import Histogram, Level, Observations
from chassis.settings import SettingsError

# Seconds. The lowest buckets tell a cache hit from a call, the highest a slow call from one that met its deadline.
DURATION_BUCKETS: Final = (
    0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip

RPC_DURATION: Final = Histogram(
    "rpc_server_call_duration_seconds",
    "Time to answer an RPC, by method and gRPC status.",
    ("rpc_method", "rpc_response_status_code"),
    buckets=DURATION_BUCKETS,
)
RPC_ACTIVE: Final = Level("rpc_server_active_calls", "RPCs being answered now.")
_RPC_CLIENT_DURATION: Final = Histogram(
    "rpc_client_call_duration_seconds",
    "Time until an RPC was answered, retries included, by method and gRPC status.",
    ("rpc_method", "rpc_response_status_code"),
    buckets=DURATION_BUCKETS,
)
_QUERY_DURATION: Final = Histogram(
    "db_client_operation_duration_seconds",
    "Time to run a named query or a Redis command; waiting for a connection to PostgreSQL is left out.",
    ("db_system_name", "db_query_summary"),
    buckets=DURATION_BUCKETS,
)
POOL_CONNECTIONS: Final = Gauge(
    "db_client_connection_count", "Connections of the pool.", ("db_client_connection_state",)
)
POOL_WAIT: Final = Histogram(
    "db_client_connection_wait_time_seconds", "Time to obtain a connection from the pool.", buckets=DURATION_BUCKETS
)
POOL_MAX: Final = Gauge("db_client_connection_max", "Connections the pool may have.")
POOL_PENDING: Final = Level("db_client_connection_pending_requests", "Requests waiting for a connection of the pool.")
POOL_TIMEOUTS: Final = Counter(
    "db_client_connection_timeouts", "Requests that waited for a connection until their deadline."
)
BATCH_SIZE: Final = Histogram(
    "agora_batch_size", "Calls that travelled in one batch.", ("batch",), buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
UNCONFIRMED_INVALIDATIONS: Final = Counter(
    "agora_cache_invalidations_unconfirmed", "Writes that had to suspend caching: the cache did not confirm to delete."
)
QUEUE_REJECTIONS: Final = Counter(
    "agora_queue_rejections", "Callers whom a bounded queue rejected at once, by its kind of work.", ("queue",)
)
DEPENDENCY_UP: Final = Gauge("agora_dependency_up", "1 when the last check of a dependency succeeded.", ("dependency",))
BACKGROUND_FAILURES: Final = Counter(
    "agora_background_failures",
    "Runs of a background task that failed, by the reason of the error; UNEXPECTED is a defect.",
    ("task", "reason"),
)
LOOP_LAG: Final = Histogram(
    "agora_event_loop_lag_seconds", "How late the event loop wakes who asked to be woken.", buckets=DURATION_BUCKETS
)
BUILD: Final = Info("agora_build", "What is running.")


@cache
def rpc_client_duration(method: str, status: str) -> Observations:
    return _RPC_CLIENT_DURATION.labels(method, status)


@cache
def query_duration(system: str, summary: str) -> Observations:
    """`summary` is the name of a query or a command, never its text."""
    return _QUERY_DURATION.labels(system, summary)


def serve(host: str, port: int) -> None:
    """Answer `GET /metrics` on a port of its own, from a thread. Raises SettingsError when the port is taken."""
    try:
        start_http_server(port, addr=host)
    except OSError:
        raise SettingsError(f"METRICS_PORT: cannot listen on {host}:{port}, is it taken?") from None
