"""The copies that gateways keep of the counts, taken away before the counts change and kept away until they have.

Deleting them after the commit alone would do for freshness, but for a moment two readers could meet two truths: one the
old copy, one the new row, and whoever asks both would see votes disappear. So the copies go while the rows are locked,
and a lease that no reader holds stands in their place until the commit is done. Other workers need the same rows before
they can hold the same copies, so nobody replaces the lease in between.
"""

import secrets
from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis
from redis.commands.core import AsyncScript
from redis.exceptions import RedisError

from chassis.invalidation import LEASE_PREFIX, Invalidation

# Longer than a transaction may take. What a worker that died was holding comes free by itself.
_HOLD_MS: Final = 10_000
_FAILURES: Final = (RedisError, OSError, TimeoutError)

_HOLD: Final = """
for _, key in ipairs(KEYS) do
  redis.call('SET', ARGV[2] .. key, ARGV[1], 'PX', ARGV[3])
  redis.call('UNLINK', key)
end
"""
_RELEASE: Final = """
for _, key in ipairs(KEYS) do
  redis.call('UNLINK', key)
  if redis.call('GET', ARGV[2] .. key) == ARGV[1] then
    redis.call('DEL', ARGV[2] .. key)
  end
end
"""


class Copies:
    """Suspends caching when the cache cannot be reached (`chassis.invalidation`). Raises StoreDown and StoreSlow."""

    def __init__(self, redis: "Redis", invalidation: Invalidation) -> None:
        self._invalidation = invalidation
        self._hold = redis.register_script(_HOLD)
        self._release = redis.register_script(_RELEASE)
        self._token = secrets.token_hex(8)

    async def hold(self, album_ids: Sequence[str]) -> None:
        """Return once no reader can meet a copy. Nor can one be made before `release`."""
        await self._run(self._hold, album_ids, _HOLD_MS)

    async def release(self, album_ids: Sequence[str]) -> None:
        """The rows are committed: copies of them may be made."""
        await self._run(self._release, album_ids)

    async def _run(self, script: AsyncScript, album_ids: Sequence[str], *arguments: int) -> None:
        keys = [f"likes:{album_id}" for album_id in album_ids]
        try:
            if keys:
                await script(keys=keys, args=[self._token, LEASE_PREFIX, *arguments])
        except _FAILURES:
            await self._invalidation.run(keys)
