"""Connections to Redis or Valkey, with timeouts short enough that a cache never costs more than it saves."""

from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

TIMEOUT_S: Final = 0.25


def connect(url: str, *, name: str) -> "Redis":
    """A client with a pool of its own; nothing is sent until its first use. `name` is what CLIENT LIST shows."""
    client: Redis = Redis.from_url(
        url,
        client_name=name,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return client
