"""Cached look-ups by key: local, then shared, then the service; what is asked in one turn of the loop goes as one."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Generic, NamedTuple, TypeVar

from google.protobuf.message import Message

from chassis.batching import Batcher
from gateway.cache import metrics
from gateway.cache.lease import CacheLease
from gateway.cache.tiers import LOCAL, MISS, OFF, SHARED, CacheTiers

M = TypeVar("M", bound=Message)
T = TypeVar("T")

_MAX_KEYS: Final = 256
_MAX_IN_FLIGHT: Final = 3
# What a cached message costs besides its bytes: the objects around it, and its JSON.
_OVERHEAD_BYTES: Final = 1_000


class Shown(Generic[M]):
    """A message that is shown to many, with room for its JSON once somebody has made it."""

    __slots__ = ("json", "message")

    def __init__(self, message: M) -> None:
        self.message = message
        self.json: bytes | None = None


class Read(NamedTuple, Generic[T]):
    """A value and what `x-cache` says of it."""

    value: T
    source: str


class CachedLookUp(Generic[M]):
    """Finds messages by key, at most one call for a key in each batch.

    A reader joins only a batch that was not sent yet. It could save a call by waiting for one under way, but that one
    may have left before a write that was answered before this reader came.
    """

    def __init__(
        self,
        kind: str,
        message_type: type[M],
        fetch: Callable[[list[str]], Awaitable[Mapping[str, M]]],
        tiers: CacheTiers | None,
        service: str,
    ) -> None:
        """`service` is whose cache lease holds for these messages."""
        self._prefix = f"{kind}:"
        self._message_type = message_type
        self._fetch = fetch
        self._tiers = tiers
        self._lease = tiers.leases[service] if tiers is not None else None
        self._batcher: Batcher[str, Read[Shown[M] | None]] = Batcher(
            kind, self._flush, max_size=_MAX_KEYS, max_in_flight=_MAX_IN_FLIGHT
        )
        self._count = {source: metrics.LOOKUPS.labels(kind, source) for source in (LOCAL, SHARED, MISS, OFF)}

    async def find(self, key: str) -> Read[Shown[M] | None]:
        return self._find_local(key) or await self._batcher.submit(key)

    async def find_all(self, keys: Iterable[str]) -> list[Read[Shown[M] | None]]:
        """One read a key, in order."""
        reads = {key: self._find_local(key) for key in keys}
        absent = [key for key, read in reads.items() if read is None]
        found = dict(zip(absent, await self._batcher.submit_all(absent), strict=True)) if absent else {}
        return [read or found[key] for key, read in reads.items()]

    def _find_local(self, key: str) -> Read[Shown[M] | None] | None:
        if self._tiers is None or self._lease is None:
            return None
        value = self._tiers.local.get(self._prefix + key, self._lease.valid_until)
        if value is None:
            return None
        self._count[LOCAL].inc()
        return Read(value, LOCAL)

    async def _flush(self, keys: list[str]) -> list[Read[Shown[M] | None]]:
        unique = list(dict.fromkeys(keys))
        if self._tiers is not None and self._lease is not None:
            reads = await self._read_through(unique, self._tiers, self._lease)
        else:
            reads = await self._read_service(unique, OFF)
        for read in reads.values():
            self._count[read.source].inc()
        return [reads[key] for key in keys]

    async def _read_service(self, keys: list[str], source: str) -> dict[str, Read[Shown[M] | None]]:
        found = await self._fetch(keys)
        return {key: Read(Shown(found[key]) if key in found else None, source) for key in keys}

    async def _read_through(
        self, keys: list[str], tiers: CacheTiers, lease: CacheLease
    ) -> dict[str, Read[Shown[M] | None]]:
        ticket = tiers.local.ticket()
        cached, leases = await tiers.get_or_lease([self._prefix + key for key in keys], lease)
        reads: dict[str, Read[Shown[M] | None]] = {}
        for key in keys:
            data = cached.get(self._prefix + key)
            if data is not None:
                value = Shown(self._message_type.FromString(data))
                reads[key] = Read(value, SHARED)
                tiers.local.put(self._prefix + key, value, 2 * len(data) + _OVERHEAD_BYTES, ticket)
        missing = [key for key in keys if key not in reads]
        if missing:
            fetched = await self._read_service(missing, MISS)
            reads |= fetched
            # Not into the local tier: the fill of the shared one is a change too, whose push would drop it again.
            if leases is not None:
                values = {self._prefix + key: read.value for key, read in fetched.items() if read.value is not None}
                tiers.fill_soon({key: value.message.SerializeToString() for key, value in values.items()}, leases)
        return reads
