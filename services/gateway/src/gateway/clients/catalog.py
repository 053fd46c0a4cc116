"""The catalog: items, their prices and their stock."""

from collections.abc import Iterable

from agora.catalog.v1.catalog_pb2_grpc import CatalogServiceStub
from grpc.aio import Channel

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.grpc_client import call
from gateway.clients.look_ups import LookUp


class Catalog:
    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogServiceStub(channel)
        self._items = LookUp("items", self._fetch_items)

    async def find_item(self, item_id: str) -> pb.Item | None:
        return await self._items.find(item_id)

    async def find_items(self, item_ids: Iterable[str]) -> list[pb.Item]:
        """Those that exist, in the order of `item_ids`."""
        return [item for item in await self._items.find_all(item_ids) if item is not None]

    async def register_item(self, request: pb.RegisterItemRequest) -> pb.Item:
        return (await call(self._stub.RegisterItem, request, pb.RegisterItemResponse)).item

    async def update_item(self, request: pb.UpdateItemRequest) -> pb.Item:
        return (await call(self._stub.UpdateItem, request, pb.UpdateItemResponse)).item

    async def search_items(self, request: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
        return await call(self._stub.SearchItems, request, pb.SearchItemsResponse)

    async def list_seller_items(self, request: pb.ListSellerItemsRequest) -> pb.ListSellerItemsResponse:
        return await call(self._stub.ListSellerItems, request, pb.ListSellerItemsResponse)

    async def _fetch_items(self, item_ids: list[str]) -> dict[str, pb.Item]:
        request = pb.BatchGetItemsRequest(item_ids=item_ids)
        response = await call(self._stub.BatchGetItems, request, pb.BatchGetItemsResponse)
        return {item.item_id: item for item in response.items}
