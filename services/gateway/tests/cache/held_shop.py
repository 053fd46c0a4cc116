"""A catalog and a review service whose answers a test may hold back after they were made, and their cache leases."""

# ruff: noqa: N802 - RPCs are named by the protos

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from agora.account.v1.account_pb2_grpc import AccountServiceServicer
from agora.catalog.v1.cache_lease_pb2_grpc import CacheLeaseServiceServicer
from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer
from agora.review.v1.review_pb2_grpc import ReviewServiceServicer

from agora.account.v1 import account_pb2 as account
from agora.catalog.v1 import cache_lease_pb2 as cache
from agora.catalog.v1 import catalog_pb2 as catalog
from agora.review.v1 import review_pb2 as review
from chassis.cache_leases import CacheLeaseServicer
from chassis.errors import Unavailable


class Hold:
    """Answers made while it is active do not leave before `release`. `arrived` tells that one waits."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self._released = asyncio.Event()

    def release(self) -> None:
        self._released.set()

    async def wait(self) -> None:
        self.arrived.set()
        await self._released.wait()


class HeldShop(AccountServiceServicer, CacheLeaseServiceServicer, CatalogServiceServicer, ReviewServiceServicer):
    """Writers change `items` and `ratings`; what is asked for stands in `calls`.

    Cache leases of items are granted by `leases` when a test sets that; else they last as long as the test, while
    `grants`.
    """

    def __init__(self) -> None:
        self.items = {item_id: item(item_id) for item_id in "1234"}
        self.ratings: dict[str, int] = {}
        self.sellers = {"seller", "other"}
        self.calls: list[list[str]] = []
        self.leases: CacheLeaseServicer | None = None
        self.grants = True
        self.searches: list[catalog.SearchItemsRequest] = []
        self.lists: list[catalog.ListSellerItemsRequest] = []
        self.turns_until_sent: Callable[[], int] = lambda: 0
        self._hold: Hold | None = None

    @contextmanager
    def held(self) -> Iterator[Hold]:
        hold = self._hold = Hold()
        try:
            yield hold
        finally:
            self._hold = None
            hold.release()

    def change(self, item_id: str, **fields: int) -> None:
        changed = catalog.Item()
        changed.CopyFrom(self.items[item_id])
        changed.version += 1
        for field, value in fields.items():
            setattr(changed, field, value)
        self.items[item_id] = changed

    async def _sent(self, answer: Any) -> Any:
        for _ in range(self.turns_until_sent()):
            await asyncio.sleep(0)
        if self._hold is not None:
            await self._hold.wait()
        return answer

    async def GetCacheLease(self, request: cache.GetCacheLeaseRequest, _: Any) -> cache.GetCacheLeaseResponse:
        if not self.grants:
            raise Unavailable("no lease")
        if self.leases is not None:
            return await self.leases.GetCacheLease(request, _)
        return cache.GetCacheLeaseResponse(generation=1, lease_ms=600_000)

    async def BatchGetItems(self, request: catalog.BatchGetItemsRequest, _: Any) -> catalog.BatchGetItemsResponse:
        self.calls.append(list(request.item_ids))
        found = [self.items[item_id] for item_id in request.item_ids if item_id in self.items]
        return await self._sent(catalog.BatchGetItemsResponse(items=found))

    async def SearchItems(self, request: catalog.SearchItemsRequest, _: Any) -> catalog.SearchItemsResponse:
        self.searches.append(request)
        found = [
            item
            for item in self.items.values()
            if not request.HasField("category") or item.category == request.category
        ]
        return await self._sent(catalog.SearchItemsResponse(items=found, next_page_token="more"))

    async def ListSellerItems(self, request: catalog.ListSellerItemsRequest, _: Any) -> catalog.ListSellerItemsResponse:
        self.lists.append(request)
        own = [item for item in self.items.values() if item.seller_id == request.seller_id]
        token = "more" if len(own) > request.page_size else ""
        page = catalog.ListSellerItemsResponse(items=own[: request.page_size], next_page_token=token)
        return await self._sent(page)

    async def BatchGetSellerRatings(
        self, request: review.BatchGetSellerRatingsRequest, _: Any
    ) -> review.BatchGetSellerRatingsResponse:
        self.calls.append(list(request.seller_ids))
        ratings = [review.SellerRating(seller_id=id_, thumbs_up=self.ratings.get(id_, 0)) for id_ in request.seller_ids]
        return await self._sent(review.BatchGetSellerRatingsResponse(ratings=ratings))

    async def BatchGetSellers(self, request: account.BatchGetSellersRequest, _: Any) -> account.BatchGetSellersResponse:
        return account.BatchGetSellersResponse(seller_ids=self.sellers.intersection(request.seller_ids))


def item(item_id: str, category: int = 0, **fields: Any) -> catalog.Item:
    """Of a category by its number, if none is given: odd ones are of 1, even ones of 2."""
    category = category or 2 - int(item_id) % 2
    return catalog.Item(item_id=item_id, name=f"Item {item_id}", category=category, version=1, **fields)
