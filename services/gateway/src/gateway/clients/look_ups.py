"""Look-ups by key that travel together."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Generic, TypeVar

from chassis.batching import Batcher

K = TypeVar("K")
V = TypeVar("V")

_MAX_KEYS: Final = 256
_MAX_IN_FLIGHT: Final = 4


class LookUp(Generic[K, V]):
    """Finds values by key. Callers of the same turn of the loop share one `fetch`, which is asked for a key once."""

    def __init__(self, name: str, fetch: Callable[[list[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._fetch = fetch
        batcher: Batcher[K, V | None] = Batcher(name, self._flush, max_size=_MAX_KEYS, max_in_flight=_MAX_IN_FLIGHT)
        self.find = batcher.submit
        self.find_all = batcher.submit_all

    async def _flush(self, keys: list[K]) -> list[V | None]:
        found = await self._fetch(list(dict.fromkeys(keys)))
        return [found.get(key) for key in keys]
