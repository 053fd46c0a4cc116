"""First pages of listings: which items they hold and in which order. The items themselves come from their own cache.

What a search finds changes only when an item is registered: names, categories, keywords and topics are for good, and
prices and stock are the items' own. So a page is stored with the version of its scope: a category, the whole catalog,
or a seller. Registering an item deletes the version, the next reader makes up a new one, and with that every page of
the old one is worthless, also one that is being computed from what was there before. A version begins with the
generation of the cache lease under which it was made up, and ends with it.

A seller's own list only grows at its end (see `insert_item` in the catalog), so a page of it that others follow is
right for good.
"""

import hashlib
from typing import Final, NamedTuple

import orjson

from agora.catalog.v1 import catalog_pb2 as pb
from gateway.cache import metrics
from gateway.cache.lease import CacheLease
from gateway.cache.local import LocalCache
from gateway.cache.tiers import LOCAL, MISS, OFF, SHARED, CacheTiers

PageRequest = pb.SearchItemsRequest | pb.ListSellerItemsRequest
PageResponse = pb.SearchItemsResponse | pb.ListSellerItemsResponse

# Catalog replicas delete these keys: see catalog.copies.
_SCOPE: Final = "scope:"
_PAGE: Final = "page:"
_SCOPE_BYTES: Final = 200
_FOR_GOOD: Final = ""


class Listing(NamedTuple):
    """What is cut into pages: the scope in which a registration may change it, and whether only behind its end."""

    scope: str
    grows_at_its_end: bool = False


class Page(NamedTuple):
    """A page as it is stored. It is right as long as its scope has this version, or for good."""

    version: str
    item_ids: tuple[str, ...]
    next_page_token: str

    def to_bytes(self) -> bytes:
        return orjson.dumps(list(self))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Page":
        version, item_ids, next_page_token = orjson.loads(data)
        return cls(version, tuple(item_ids), next_page_token)

    def is_right(self, version: str | None) -> bool:
        return self.version in (version, _FOR_GOOD)


class CachedPages:
    """Finds and stores first pages; listing the items is its caller's."""

    def __init__(self, tiers: CacheTiers | None) -> None:
        self._tiers = tiers
        self._lease = tiers.leases["catalog"] if tiers is not None else None
        self._count = {source: metrics.LOOKUPS.labels("page", source) for source in (LOCAL, SHARED, MISS, OFF)}

    async def find(self, listing: Listing, request: PageRequest) -> tuple[Page | None, str, "Store | None"]:
        """The page if it is known, what `x-cache` says, and the way to store it if it is not."""
        if self._tiers is None or self._lease is None or request.page_token:
            self._count[OFF].inc()
            return None, OFF, None
        page_key = _key_of(request)
        page = self._find_local(self._tiers.local, self._lease, listing, page_key)
        source, store = LOCAL, None
        if page is None:
            page, store = await self._find_shared(self._tiers, self._lease, listing, page_key)
            source = SHARED if page is not None else MISS
        self._count[source].inc()
        return page, source, store

    def _find_local(self, local: LocalCache, lease: CacheLease, listing: Listing, page_key: str) -> Page | None:
        page: Page | None = local.get(page_key, lease.valid_until)
        return page if page is not None and page.is_right(local.get(listing.scope, lease.valid_until)) else None

    async def _find_shared(
        self, tiers: CacheTiers, lease: CacheLease, listing: Listing, page_key: str
    ) -> tuple[Page | None, "Store | None"]:
        ticket = tiers.local.ticket()
        found = await tiers.get_page(listing.scope, page_key, lease)
        if found is None:
            return None, None
        version, is_new, data = found
        if not is_new:
            # A version that we just made is a change too, whose push would drop it again.
            tiers.local.put(listing.scope, version, _SCOPE_BYTES, ticket)
        store = Store(tiers, page_key, version, listing)
        page = Page.from_bytes(data) if data is not None else None
        if page is None or not page.is_right(version):
            return None, store
        store.put_local(page)
        return page, None


class Store:
    """Takes the page that was asked for after its scope's version was read."""

    def __init__(self, tiers: CacheTiers, page_key: str, version: str, listing: Listing) -> None:
        self._tiers = tiers
        self._page_key = page_key
        self._version = version
        self._listing = listing

    def put(self, response: PageResponse) -> None:
        item_ids = tuple(item.item_id for item in response.items)
        is_for_good = self._listing.grows_at_its_end and response.next_page_token
        page = Page(_FOR_GOOD if is_for_good else self._version, item_ids, response.next_page_token)
        self.put_local(page)
        self._tiers.put_page_soon(self._page_key, page.to_bytes())

    def put_local(self, page: Page) -> None:
        size = _SCOPE_BYTES + 70 * len(page.item_ids)
        self._tiers.local.put(self._page_key, page, size, self._tiers.local.ticket())


def search_of(request: pb.SearchItemsRequest) -> Listing:
    return Listing(f"{_SCOPE}{request.category}" if request.HasField("category") else f"{_SCOPE}all")


def list_of_seller(seller_id: str) -> Listing:
    return Listing(f"{_SCOPE}seller:{seller_id}", grows_at_its_end=True)


def _key_of(request: PageRequest) -> str:
    asked = request.DESCRIPTOR.name.encode() + request.SerializeToString(deterministic=True)
    return _PAGE + hashlib.blake2b(asked, digest_size=16).hexdigest()
