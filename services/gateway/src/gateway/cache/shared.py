"""The shared tier: values in Redis that every gateway may use, filled under leases.

A reader that misses takes a lease before it asks the service, and its fill is accepted only while the lease stands. A
writer deletes value and lease together, after its commit and before its answer (`chassis.invalidation`). So a fill that
was read before a change cannot land after it, however long its reader was paused, and whatever Redis evicted meanwhile
(see test_a_paused_reader_cannot_put_an_old_value_back).
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

from redis.asyncio import Redis

from chassis.invalidation import LEASE_PREFIX
from gateway.cache import metrics

_LIFETIME_MS: Final = 60_000
_LEASE_MS: Final = 5_000
_GENERATION_MS: Final = 600_000

_GET_OR_LEASE: Final = """
local found = redis.call('MGET', unpack(KEYS))
local answer = {}
for i, key in ipairs(KEYS) do
  if found[i] then
    answer[i] = {found[i], 0}
  else
    local leased = redis.call('SET', ARGV[2] .. key, ARGV[1], 'NX', 'PX', ARGV[3])
    answer[i] = {false, leased and 1 or 0}
  end
end
return answer
"""
_FILL: Final = """
local filled = 0
for i, key in ipairs(KEYS) do
  if redis.call('GET', ARGV[2] .. key) == ARGV[1] then
    redis.call('SET', key, ARGV[i + 3], 'PX', ARGV[3])
    redis.call('DEL', ARGV[2] .. key)
    filled = filled + 1
  end
end
return filled
"""
_GET_PAGE: Final = """
local generation = redis.call('GET', KEYS[1])
local page = redis.call('GET', KEYS[2])
if generation then
  return {generation, 0, page}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], 1, page}
"""


class Leases:
    """The keys one reader may fill, and the token that proves it."""

    def __init__(self, token: str, keys: frozenset[str]) -> None:
        self.token = token
        self.keys = keys


class SharedCache:
    """Raises RedisError, OSError or TimeoutError when Redis does not answer."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._get_or_lease = redis.register_script(_GET_OR_LEASE)
        self._fill = redis.register_script(_FILL)
        self._get_page = redis.register_script(_GET_PAGE)

    async def get_or_lease(self, keys: Sequence[str]) -> tuple[dict[str, bytes], Leases]:
        """The values that are there, and leases on those that are not, as far as nobody else holds them."""
        token = secrets.token_hex(8)
        answer = await self._get_or_lease(keys=keys, args=[token, LEASE_PREFIX, _LEASE_MS])
        values = {key: value for key, (value, _) in zip(keys, answer, strict=True) if value is not None}
        leased = frozenset(key for key, (_, leased) in zip(keys, answer, strict=True) if leased)
        return values, Leases(token, leased)

    async def fill(self, values: Mapping[str, bytes], leases: Leases) -> None:
        """Store the values whose leases still stand."""
        leased = [key for key in values if key in leases.keys]
        if leased:
            arguments: list[str | bytes | int] = [
                leases.token,
                LEASE_PREFIX,
                _LIFETIME_MS,
                *(values[key] for key in leased),
            ]
            filled: int = await self._fill(keys=leased, args=arguments)
            metrics.REJECTED_SHARED.inc(len(leased) - filled)

    async def get_page(self, scope: str, page_key: str, new_generation: str) -> tuple[str, bool, bytes | None]:
        """The scope's generation, whether it was made up now, and the page if one is stored, right or not."""
        arguments: list[str | int] = [new_generation, _GENERATION_MS]
        generation, is_new, page = await self._get_page(keys=[scope, page_key], args=arguments)
        return generation.decode(), bool(is_new), page

    async def put_page(self, page_key: str, page: bytes) -> None:
        await self._redis.set(page_key, page, px=_LIFETIME_MS)

    async def clear(self) -> None:
        """Empty the whole database, also of the copies that other services keep in it. It holds nothing else."""
        await self._redis.flushdb(asynchronous=True)
