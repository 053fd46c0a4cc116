"""What the gateway depends on, and which of it can be reached now."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Final

from grpc.aio import Channel
from redis.asyncio import Redis

from chassis.grpc_client import is_ready
from chassis.readiness import Check, check_all

# Less than the second a prober waits by default, so that the answer that names what is down still arrives.
_PATIENCE_S: Final = 0.5


class Dependencies:
    """Every tier is needed; both Redis are only reported, since the shop sells without them."""

    def __init__(self, channels: Mapping[str, Channel], redis: Redis, stream: Redis) -> None:
        self._tiers = frozenset(channels)
        self._checks: dict[str, Check] = {name: partial(_reach, channel) for name, channel in channels.items()}
        self._checks |= {"redis": redis.ping, "stream": stream.ping}

    async def states(self) -> dict[str, bool]:
        return await check_all(self._checks)

    def suffice(self, states: Mapping[str, bool]) -> bool:
        return all(states[tier] for tier in self._tiers)


async def _reach(channel: Channel) -> None:
    """Waits a little: servers close connections by age, and a channel that comes back at once is not down."""
    if not is_ready(channel):
        async with asyncio.timeout(_PATIENCE_S):
            await channel.channel_ready()
