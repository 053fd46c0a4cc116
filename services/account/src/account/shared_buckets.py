"""Token buckets that all replicas of the account service share, in Redis.

Every bucket is kept in this process too, and both must have tokens. So a flood is soon rejected without a question to
Redis; and while Redis is away, or has lost everything, each replica still holds the limit by itself.
"""

from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis

from account.redis_guard import RedisGuard
from account.token_buckets import Charge, LocalBuckets

_PREFIX: Final = "account:limit:1:"
_MARK_LIFETIME_S: Final = 30 * 24 * 3600

# KEYS are buckets; ARGV has burst, interval in ms and tokens of each. The clock is Redis' own: replicas need not agree.
_TAKE: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait, full_at = 0, {}
for i, key in ipairs(KEYS) do
  local burst, interval, tokens = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  full_at[i] = math.max(now, tonumber(redis.call('GET', key) or 0))
  if tokens >= 0 then
    wait = math.max(wait, full_at[i] - now + (math.max(1, tokens) - burst) * interval)
  end
end
if wait > 0 then
  return wait
end
for i, key in ipairs(KEYS) do
  local filled = full_at[i] + ARGV[3 * i - 1] * ARGV[3 * i]
  if filled > now then
    redis.call('SET', key, string.format('%d', filled), 'PX', filled - now)
  else
    redis.call('DEL', key)
  end
end
return 0
"""


class SharedBuckets:
    def __init__(self, redis: "Redis", local: LocalBuckets) -> None:
        self._redis = redis
        self._guard = RedisGuard()
        self._local = local
        self._take = redis.register_script(_TAKE)

    def wait_s(self, charges: Sequence[Charge]) -> float:
        return self._local.wait_s(charges)

    async def take(self, charges: Sequence[Charge]) -> float:
        if (wait_s := await self._local.take(charges)) > 0:
            return wait_s
        keys = [_PREFIX + charge.bucket for charge in charges]
        arguments = [value for charge in charges for value in _arguments_of(charge)]
        wait_ms = await self._guard.attempt(lambda: self._take(keys=keys, args=arguments))
        # What the others' tokens do not allow stays taken here: the next attempts need not ask.
        return (wait_ms or 0) / 1000

    async def is_marked(self, mark: str) -> bool:
        return await self._local.is_marked(mark) or bool(
            await self._guard.attempt(lambda: self._redis.exists(_PREFIX + mark))
        )

    async def set_mark(self, mark: str) -> None:
        await self._local.set_mark(mark)
        await self._guard.attempt(lambda: self._redis.set(_PREFIX + mark, 1, ex=_MARK_LIFETIME_S))


def _arguments_of(charge: Charge) -> tuple[int, int, int]:
    return charge.limit.burst, int(charge.limit.interval_s * 1000), charge.tokens
