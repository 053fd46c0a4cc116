"""The reads that may be answered from a cache, and where each answer came from."""

from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from agora.catalog.v1 import catalog_pb2
from agora.review.v1 import review_pb2
from gateway.clients.catalog import Catalog
from gateway.clients.review import Reviews
from gateway.refusals import ItemNotFound

T = TypeVar("T")

# What `x-cache` says of an answer that no cache was asked for.
CACHE_OFF: Final = "off"


class Read(NamedTuple, Generic[T]):
    value: T
    source: str


class Reads:
    """Whatever shows an item, a page of a search or a rating asks here, so that one place decides about caching."""

    def __init__(self, catalog: Catalog, reviews: Reviews) -> None:
        self._catalog = catalog
        self._reviews = reviews

    async def item(self, item_id: str) -> Read[catalog_pb2.Item]:
        """Raises ItemNotFound."""
        item = await self._catalog.find_item(item_id)
        if item is None:
            raise ItemNotFound(item_id)
        return Read(item, CACHE_OFF)

    async def items(self, item_ids: Iterable[str]) -> Read[list[catalog_pb2.Item]]:
        """Those that exist, in the order of `item_ids`."""
        return Read(await self._catalog.find_items(item_ids), CACHE_OFF)

    async def search(self, request: catalog_pb2.SearchItemsRequest) -> Read[catalog_pb2.SearchItemsResponse]:
        return Read(await self._catalog.search_items(request), CACHE_OFF)

    async def rating(self, seller_id: str) -> Read[review_pb2.SellerRating]:
        return Read(await self._reviews.get_rating(seller_id), CACHE_OFF)
