"""The catalog: items, their prices and their stock."""

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.grpc_client import call


class Catalog:
    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)

    async def get_items(self, item_ids: list[str]) -> dict[str, pb.Item]:
        """Those that exist, by id."""
        response = await call(
            self._stub.BatchGetItems, pb.BatchGetItemsRequest(item_ids=item_ids), pb.BatchGetItemsResponse
        )
        return {item.item_id: item for item in response.items}

    async def register_item(self, request: pb.RegisterItemRequest) -> pb.Item:
        return (await call(self._stub.RegisterItem, request, pb.RegisterItemResponse)).item

    async def update_item(self, request: pb.UpdateItemRequest) -> pb.Item:
        return (await call(self._stub.UpdateItem, request, pb.UpdateItemResponse)).item

    async def search_items(self, request: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
        return await call(self._stub.SearchItems, request, pb.SearchItemsResponse)

    async def list_seller_items(self, request: pb.ListSellerItemsRequest) -> pb.ListSellerItemsResponse:
        return await call(self._stub.ListSellerItems, request, pb.ListSellerItemsResponse)
