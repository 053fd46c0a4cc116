"""First pages of searches: which items they hold and in which order. The items themselves come from their own cache.

What a search finds changes only when an item is registered: names, categories, keywords and topics are for good, and
prices and stock are the items' own. So a page is stored with the generation of its scope, a category or the whole
catalog. Registering an item deletes the generation, the next reader makes up a new one, and with that every page of the
old one is worthless, also one that is being computed from what was there before.
"""

import hashlib
import secrets
from typing import Final, NamedTuple

import orjson

from agora.catalog.v1 import catalog_pb2 as pb
from gateway.cache import metrics
from gateway.cache.tiers import LOCAL, MISS, OFF, SHARED, CacheTiers

# Catalog replicas delete these keys: see catalog.copies.
_SCOPE: Final = "scope:"
_PAGE: Final = "page:"
_SCOPE_BYTES: Final = 200


class Page(NamedTuple):
    """A page as it is stored. It is right as long as its scope has this generation."""

    generation: str
    item_ids: tuple[str, ...]
    next_page_token: str

    def to_bytes(self) -> bytes:
        return orjson.dumps(list(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Page":
        generation, item_ids, next_page_token = orjson.loads(data)
        return cls(generation, tuple(item_ids), next_page_token)


class CachedPages:
    """Finds and stores first pages; the search itself is its caller's."""

    def __init__(self, tiers: CacheTiers | None) -> None:
        self._tiers = tiers
        self._count = {source: metrics.LOOKUPS.labels("page", source) for source in (LOCAL, SHARED, MISS, OFF)}

    async def find(self, request: pb.SearchItemsRequest) -> tuple[Page | None, str, "Store | None"]:
        """The page if it is known, what `x-cache` says, and the way to store it if it is not."""
        if self._tiers is None or request.page_token:
            self._count[OFF].inc()
            return None, OFF, None
        scope, page_key = _scope_of(request), _key_of(request)
        page = self._find_local(self._tiers, scope, page_key)
        source, store = LOCAL, None
        if page is None:
            page, store = await self._find_shared(self._tiers, scope, page_key)
            source = SHARED if page is not None else MISS
        self._count[source].inc()
        return page, source, store

    def _find_local(self, tiers: CacheTiers, scope: str, page_key: str) -> Page | None:
        generation = tiers.local.get(scope)
        page: Page | None = tiers.local.get(page_key) if generation is not None else None
        return page if page is not None and page.generation == generation else None

    async def _find_shared(self, tiers: CacheTiers, scope: str, page_key: str) -> tuple[Page | None, "Store | None"]:
        ticket = tiers.local.ticket()
        found = await tiers.get_page(scope, page_key, secrets.token_hex(8))
        if found is None:
            return None, None
        generation, is_new, data = found
        if not is_new:
            # A generation that we just made is a change too, whose push would drop it again.
            tiers.local.put(scope, generation, _SCOPE_BYTES, ticket)
        store = Store(tiers, page_key, generation)
        page = Page.from_bytes(data) if data is not None else None
        if page is None or page.generation != generation:
            return None, store
        store.put_local(page)
        return page, None


class Store:
    """Takes the page that was searched for after its scope's generation was read."""

    def __init__(self, tiers: CacheTiers, page_key: str, generation: str) -> None:
        self._tiers = tiers
        self._page_key = page_key
        self._generation = generation

    def put(self, response: pb.SearchItemsResponse) -> None:
        item_ids = tuple(item.item_id for item in response.items)
        page = Page(self._generation, item_ids, response.next_page_token)
        self.put_local(page)
        self._tiers.put_page_soon(self._page_key, page.to_bytes())

    def put_local(self, page: Page) -> None:
        size = _SCOPE_BYTES + 70 * len(page.item_ids)
        self._tiers.local.put(self._page_key, page, size, self._tiers.local.ticket())


def _scope_of(request: pb.SearchItemsRequest) -> str:
    return f"{_SCOPE}{request.category}" if request.HasField("category") else f"{_SCOPE}all"


def _key_of(request: pb.SearchItemsRequest) -> str:
    return _PAGE + hashlib.blake2b(request.SerializeToString(deterministic=True), digest_size=16).hexdigest()
