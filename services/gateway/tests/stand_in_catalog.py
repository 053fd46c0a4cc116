"""A catalog in memory."""

# ruff: noqa: N802 - RPCs are named by the protos

import itertools
from typing import Any

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceServicer

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.errors import NotFound, PermissionDenied

from .stand_in import StandIn, now, page_of

# A field the gateway lets pass and this catalog does not.
UNLIKED_QUANTITY = 13
SHOP = "00000000-0000-0000-0000-000000000000"
TITLES = {
    "1": ("How to get a good grade in 677 in 20 minutes a day", "distributed systems", 3000),
    "2": ("RPCs for Dummies", "distributed systems", 4000),
    "3": ("Xen and the Art of Surviving Graduate School", "graduate school", 7500),
}


class ItemNotFound(NotFound):
    reason = "ITEM_NOT_FOUND"


class NotItemOwner(PermissionDenied):
    reason = "NOT_ITEM_OWNER"


class StandInCatalog(StandIn, CatalogServiceServicer):
    def __init__(self) -> None:
        super().__init__()
        self._ids = itertools.count(8)
        self._by_request: dict[tuple[str, str], str] = {}
        self.items = {item_id: _book(item_id, *book) for item_id, book in TITLES.items()}

    async def BatchRegisterItems(
        self, request: pb.BatchRegisterItemsRequest, context: Any
    ) -> pb.BatchRegisterItemsResponse:
        await self.enter("BatchRegisterItems", request, context)
        return pb.BatchRegisterItemsResponse(results=map(self._register, request.requests))

    def _register(self, request: pb.RegisterItemRequest) -> pb.RegisterResult:
        if request.quantity == UNLIKED_QUANTITY:
            return pb.RegisterResult(refusal=pb.FieldError(field="quantity", problem="is not liked"))
        made = self._by_request.setdefault((request.seller_id, request.request_id), str(next(self._ids)))
        self.items.setdefault(
            made,
            pb.Item(
                item_id=made,
                name=request.name,
                category=request.category,
                keywords=request.keywords,
                condition=request.condition,
                price_cents=request.price_cents,
                currency=request.currency or "USD",
                quantity=request.quantity,
                seller_id=request.seller_id,
                create_time=now(),
                version=1,
            ),
        )
        return pb.RegisterResult(item=self.items[made])

    async def UpdateItem(self, request: pb.UpdateItemRequest, context: Any) -> pb.UpdateItemResponse:
        await self.enter("UpdateItem", request, context)
        item = self.items.get(request.item_id)
        if item is None:
            raise ItemNotFound("there is no such item", {"item_id": request.item_id})
        if item.seller_id != request.seller_id:
            raise NotItemOwner("the item belongs to another seller")
        for field in ("price_cents", "quantity"):
            if request.HasField(field):
                setattr(item, field, getattr(request, field))
        item.version += 1
        return pb.UpdateItemResponse(item=item)

    async def BatchGetItems(self, request: pb.BatchGetItemsRequest, context: Any) -> pb.BatchGetItemsResponse:
        await self.enter("BatchGetItems", request, context)
        return pb.BatchGetItemsResponse(items=[self.items[i] for i in request.item_ids if i in self.items])

    async def SearchItems(self, request: pb.SearchItemsRequest, context: Any) -> pb.SearchItemsResponse:
        await self.enter("SearchItems", request, context)
        found = [
            item
            for item in self.items.values()
            if (not request.HasField("category") or item.category == request.category)
            and (not request.topic or item.topic == request.topic.casefold())
            and (not request.keywords or set(item.keywords) & set(request.keywords))
            and request.text in item.name
        ]
        items, token = page_of(found, request.page_size, request.page_token)
        return pb.SearchItemsResponse(items=items, next_page_token=token)

    async def ListSellerItems(self, request: pb.ListSellerItemsRequest, context: Any) -> pb.ListSellerItemsResponse:
        await self.enter("ListSellerItems", request, context)
        own = [item for item in self.items.values() if item.seller_id == request.seller_id]
        items, token = page_of(own, request.page_size, request.page_token)
        return pb.ListSellerItemsResponse(items=items, next_page_token=token)


def _book(item_id: str, title: str, topic: str, price_cents: int) -> pb.Item:
    return pb.Item(
        item_id=item_id,
        name=title,
        keywords=["book"],
        condition=pb.CONDITION_NEW,
        price_cents=price_cents,
        currency="USD",
        quantity=1000,
        seller_id=SHOP,
        topic=topic,
        create_time=now(),
        version=1,
    )
