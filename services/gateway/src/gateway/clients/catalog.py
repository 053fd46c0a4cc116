"""The catalog: items, their prices and their stock."""

from typing import Final

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.batching import Batcher
from chassis.grpc_client import call
from gateway.clients.results import error_of

# As many as the catalog takes at once; while one batch is committed, the next fills.
_MAX_NEW_ITEMS: Final = 100
_MAX_IN_FLIGHT: Final = 2


class Catalog:
    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)
        self._registrations: Batcher[pb.RegisterItemRequest, pb.Item] = Batcher(
            "register_items", self._register_together, max_size=_MAX_NEW_ITEMS, max_in_flight=_MAX_IN_FLIGHT
        )

    async def get_items(self, item_ids: list[str]) -> dict[str, pb.Item]:
        """Those that exist, by id."""
        response = await call(
            self._stub.BatchGetItems, pb.BatchGetItemsRequest(item_ids=item_ids), pb.BatchGetItemsResponse
        )
        return {item.item_id: item for item in response.items}

    async def register_item(self, request: pb.RegisterItemRequest) -> pb.Item:
        """Raises InvalidField, IdempotencyKeyReused."""
        return await self._registrations.submit(request)

    async def _register_together(self, requests: list[pb.RegisterItemRequest]) -> list[pb.Item | Exception]:
        batch = pb.BatchRegisterItemsRequest(requests=requests)
        response = await call(self._stub.BatchRegisterItems, batch, pb.BatchRegisterItemsResponse)
        return [result.item if result.HasField("item") else error_of(result.refusal) for result in response.results]

    async def update_item(self, request: pb.UpdateItemRequest) -> pb.Item:
        return (await call(self._stub.UpdateItem, request, pb.UpdateItemResponse)).item

    async def search_items(self, request: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
        return await call(self._stub.SearchItems, request, pb.SearchItemsResponse)

    async def list_seller_items(self, request: pb.ListSellerItemsRequest) -> pb.ListSellerItemsResponse:
        return await call(self._stub.ListSellerItems, request, pb.ListSellerItemsResponse)
