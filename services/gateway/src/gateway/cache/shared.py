"""The shared tier: values in Redis that every gateway may use, filled under fill leases.

A reader that misses takes a fill lease before it asks the service, and its fill is accepted only while that stands. A
writer deletes value and fill lease together, after its commit and before its answer (`chassis.invalidation`). So a fill
that was read before a change cannot land after it, however long its reader was paused, and whatever Redis evicted
meanwhile (see test_a_paused_reader_cannot_put_an_old_value_back).

A writer that could not delete leaves copies of a generation that no cache lease names any more. So each copy bears the
generation under which its reader asked the service, and one of another generation is missing. It also bears the run of
the server that holds it (`gateway.cache.redis_server`): one that was restored from a snapshot is missing too.
"""

import secrets
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from chassis.invalidation import LEASE_PREFIX
from gateway.cache import metrics
from gateway.cache.redis_server import RedisServer

_LIFETIME_MS: Final = 60_000
_LEASE_MS: Final = 5_000
_SCOPE_MS: Final = 600_000
# The generation stands behind a message as a field that no message here has: gateways of an earlier release, which run
# beside this one during an update, pass it over.
_TAG_FIELD: Final = b"\xfa\x7f"  # number 2047, length-delimited

_GET_OR_LEASE: Final = """
local found = redis.call('MGET', unpack(KEYS))
local tag = ARGV[4]
local answer = {}
for i, key in ipairs(KEYS) do
  if found[i] and string.sub(found[i], -#tag) == tag then
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
local version = redis.call('GET', KEYS[1])
local page = redis.call('GET', KEYS[2])
if version and string.sub(version, 1, #ARGV[3]) == ARGV[3] then
  return {version, 0, page}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {ARGV[1], 1, page}
"""


class FillLeases:
    """The keys one reader may fill, the token that proves it, and the tag of what it fills."""

    def __init__(self, token: str, keys: frozenset[str], tag: bytes) -> None:
        self.token = token
        self.keys = keys
        self.tag = tag


class SharedCache:
    """Raises RedisError, OSError or TimeoutError when Redis does not answer."""

    def __init__(self, redis: "Redis", server: RedisServer) -> None:
        self._redis = redis
        self._server = server
        self._get_or_lease = redis.register_script(_GET_OR_LEASE)
        self._fill = redis.register_script(_FILL)
        self._get_page = redis.register_script(_GET_PAGE)

    async def get_or_lease(self, keys: Sequence[str], generation: int) -> tuple[dict[str, bytes], FillLeases]:
        """Values of that generation, and fill leases on the others, as far as nobody else holds them."""
        run_id = self._server.run_id
        tag = _tag_of(generation, run_id)
        token = secrets.token_hex(8)
        answer = await self._get_or_lease(keys=keys, args=[token, LEASE_PREFIX, _LEASE_MS, tag])
        self._check_server(run_id)
        values = {key: value[: -len(tag)] for key, (value, _) in zip(keys, answer, strict=True) if value is not None}
        leased = frozenset(key for key, (_, leased) in zip(keys, answer, strict=True) if leased)
        return values, FillLeases(token, leased, tag)

    async def fill(self, values: Mapping[str, bytes], leases: FillLeases) -> None:
        """Store the values whose leases still stand."""
        leased = [key for key in values if key in leases.keys]
        if leased:
            arguments: list[str | bytes | int] = [
                leases.token,
                LEASE_PREFIX,
                _LIFETIME_MS,
                *(values[key] + leases.tag for key in leased),
            ]
            filled: int = await self._fill(keys=leased, args=arguments)
            metrics.REJECTED_SHARED.inc(len(leased) - filled)

    async def get_page(self, scope: str, page_key: str, generation: int) -> tuple[str, bool, bytes | None]:
        """The scope's version, whether it was made up now, and the page if one is stored, right or not."""
        run_id = self._server.run_id
        prefix = f"{generation}.{run_id}:"
        arguments: list[str | int] = [prefix + secrets.token_hex(8), _SCOPE_MS, prefix]
        version, is_new, page = await self._get_page(keys=[scope, page_key], args=arguments)
        self._check_server(run_id)
        return version.decode(), bool(is_new), page

    async def put_page(self, page_key: str, page: bytes) -> None:
        await self._redis.set(page_key, page, px=_LIFETIME_MS)

    def _check_server(self, run_id: str) -> None:
        """What was asked for under the tag of one server and answered by the next is no answer."""
        if run_id != self._server.run_id:
            raise RedisConnectionError("another Redis server")


@lru_cache(4)
def _tag_of(generation: int, run_id: str) -> bytes:
    text = f"{generation}.{run_id}".encode()
    return _TAG_FIELD + bytes([len(text)]) + text
