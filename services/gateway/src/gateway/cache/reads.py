"""The reads that a cache may answer, and where each answer came from."""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, TypeVar

from agora.catalog.v1 import catalog_pb2
from agora.review.v1 import review_pb2
from gateway.cache.look_up import CachedLookUp, Read, Shown
from gateway.cache.pages import CachedPages, Listing, PageRequest, PageResponse, list_of_seller, search_of
from gateway.cache.tiers import LOCAL, MISS, OFF, SHARED, CacheTiers
from gateway.clients.catalog import Catalog
from gateway.clients.review import Reviews
from gateway.clients.sellers import Sellers
from gateway.refusals import ItemNotFound, SellerNotFound

ShownItem = Shown[catalog_pb2.Item]
ShownRating = Shown[review_pb2.SellerRating]
RequestT = TypeVar("RequestT", bound=PageRequest)

# Kinds of keys whose changes are pushed; those who write delete them: catalog.copies and review.copies.
PREFIXES = ("item:", "rating:", "scope:")
_BY_DISTANCE = (LOCAL, SHARED, MISS, OFF)


class Items(NamedTuple):
    """A page of items."""

    items: list[ShownItem]
    next_page_token: str


class Reads:
    """Whatever shows an item, a page of a listing or a rating asks here, so that one place decides about caching."""

    def __init__(self, catalog: Catalog, reviews: Reviews, sellers: Sellers, tiers: CacheTiers | None) -> None:
        self._catalog = catalog
        self._reviews = reviews
        self._sellers = sellers
        self._items = CachedLookUp("item", catalog_pb2.Item, catalog.get_items, tiers, "catalog")
        self._ratings = CachedLookUp("rating", review_pb2.SellerRating, self._fetch_ratings, tiers, "review")
        self._pages = CachedPages(tiers)

    async def item(self, item_id: str) -> Read[ShownItem]:
        """Raises ItemNotFound."""
        item, source = await self._items.find(item_id)
        if item is None:
            raise ItemNotFound(item_id)
        return Read(item, source)

    async def items(self, item_ids: Iterable[str]) -> Read[list[ShownItem]]:
        """Those that exist, in the order of `item_ids`."""
        reads = await self._items.find_all(item_ids)
        return Read([item for item, _ in reads if item is not None], _farthest(source for _, source in reads))

    async def search(
        self,
        request: catalog_pb2.SearchItemsRequest,
        ask: Callable[[catalog_pb2.SearchItemsRequest], Awaitable[PageResponse]],
    ) -> Read[Items]:
        """`ask` is called when no cache has the page."""
        return await self._page(search_of(request), request, ask)

    async def list_of_seller(self, request: catalog_pb2.ListSellerItemsRequest) -> Read[Items]:
        return await self._page(list_of_seller(request.seller_id), request, self._catalog.list_seller_items)

    async def _page(
        self, listing: Listing, request: RequestT, ask: Callable[[RequestT], Awaitable[PageResponse]]
    ) -> Read[Items]:
        page, source, store = await self._pages.find(listing, request)
        if page is not None:
            items, farthest = await self.items(page.item_ids)
            return Read(Items(items, page.next_page_token), _farthest((source, farthest)))
        response = await ask(request)
        if store is not None:
            store.put(response)
        return Read(Items(list(map(Shown, response.items)), response.next_page_token), source)

    async def rating(self, seller_id: str) -> Read[ShownRating]:
        """Raises SellerNotFound."""
        rating, source = await self._ratings.find(seller_id)
        if rating is None:
            raise SellerNotFound(seller_id)
        return Read(rating, source)

    async def _fetch_ratings(self, seller_ids: list[str]) -> dict[str, review_pb2.SellerRating]:
        """Ratings by seller id. The review service has zeros for every id; only a seller's are kept."""
        ratings = await self._reviews.get_ratings(seller_ids)
        sellers = await self._sellers.among(seller_id for seller_id in ratings if not _has_votes(ratings[seller_id]))
        return {
            seller_id: rating for seller_id, rating in ratings.items() if _has_votes(rating) or seller_id in sellers
        }


def _has_votes(rating: review_pb2.SellerRating) -> bool:
    return bool(rating.thumbs_up or rating.thumbs_down)


def _farthest(sources: Iterable[str]) -> str:
    """What `x-cache` says of an answer put together from several."""
    return max(sources, key=_BY_DISTANCE.index, default=LOCAL)
