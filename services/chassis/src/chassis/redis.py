"""Connections to Redis or Valkey, with timeouts short enough that a cache never costs more than it saves."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis import metrics, tracing
from chassis.context import current
from chassis.tracing import Kind

TIMEOUT_S: Final = 0.25
_SYSTEM: Final = "redis"


class _MeasuredPipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        with _measured("PIPELINE"):
            return await super().execute(raise_on_error)


class _MeasuredRedis(Redis):
    """Measures and traces every command but those of pub/sub, whose connections wait by design."""

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        with _measured(args[0]):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _MeasuredPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


@contextmanager
def _measured(command: str) -> Iterator[None]:
    context = current()
    started = time.perf_counter()
    try:
        with tracing.step(context.span, command, Kind.CLIENT, {"db.system.name": _SYSTEM, "db.query.summary": command}):
            yield
    finally:
        metrics.query_duration(_SYSTEM, command).observe(time.perf_counter() - started, context.exemplar)


def connect(url: str, *, name: str, timeout_s: float = TIMEOUT_S) -> "Redis":
    """A client with a pool of its own; nothing is sent until its first use. `name` is what CLIENT LIST shows.

    A durable store may take longer than a cache: `timeout_s` bounds each of its answers.
    """
    client: Redis = _MeasuredRedis.from_url(
        url,
        client_name=name,
        socket_timeout=timeout_s,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return client
