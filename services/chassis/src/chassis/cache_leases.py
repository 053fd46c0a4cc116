"""The RPC that grants cache leases, the same in every service whose rows are cached."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from chassis.cache_state import CacheState

ResponseT = TypeVar("ResponseT")


class CacheLeaseServicer(Generic[ResponseT]):
    """`CacheLeaseService` of a service; `response_type` is its GetCacheLeaseResponse."""

    def __init__(self, state: CacheState, response_type: Callable[..., ResponseT]) -> None:
        self._state = state
        self._response_type = response_type

    async def GetCacheLease(self, _request: object, _context: Any) -> ResponseT:  # noqa: N802 - the proto's name
        lease = await self._state.lease()
        return self._response_type(generation=lease.generation, lease_ms=lease.milliseconds)
