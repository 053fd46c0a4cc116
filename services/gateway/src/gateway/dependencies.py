"""What the gateway depends on, and which of it can be reached now."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from grpc.aio import Channel
from redis.asyncio import Redis

from chassis.background import repeat
from chassis.grpc_client import is_writable, until_ready
from chassis.readiness import Check, check_all

_CHECK_EVERY_S: Final = 1.0
# Less than a check may take: servers close connections by age, and a channel that comes back at once is not down.
_PATIENCE_S: Final = 0.5


class Dependencies:
    """The state of each dependency as of the last `check`, so that no probe waits for one; empty before the first.

    None of them decides whether the gateway is ready: it answers without any, with 503 where one is needed.
    """

    def __init__(self, channels: Mapping[str, Channel], redis: Redis, stream: Redis) -> None:
        self._channels = channels
        self._checks: dict[str, Check] = {name: partial(_reach, channel) for name, channel in channels.items()}
        self._checks |= {"redis": redis.ping, "stream": stream.ping}
        self.states: dict[str, str] = {}

    @asynccontextmanager
    async def checked(self) -> AsyncIterator[None]:
        """Check periodically while the block runs."""
        checking = asyncio.create_task(repeat("dependencies", self.check, every_s=_CHECK_EVERY_S))
        try:
            yield
        finally:
            checking.cancel()
            await asyncio.wait([checking])

    async def check(self) -> None:
        up = await check_all(self._checks)
        tiers = [tier for tier in self._channels if up[tier]]
        writable = dict(zip(tiers, await asyncio.gather(*map(self._is_writable, tiers)), strict=True))
        self.states = {
            name: "down" if not is_up else "up" if writable.get(name, True) else "read-only"
            for name, is_up in up.items()
        }

    async def _is_writable(self, tier: str) -> bool:
        return await is_writable(self._channels[tier])


async def _reach(channel: Channel) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        await until_ready(channel)
