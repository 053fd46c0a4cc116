"""The order service, as far as reviews need it."""

from typing import Final

from grpc.aio import Channel

from agora.order.v1 import order_pb2, order_pb2_grpc
from chassis.errors import Refusal
from chassis.grpc_client import call
from review.errors import ItemNotBought

_NOT_BOUGHT: Final = "PURCHASE_NOT_FOUND"


class Orders:
    def __init__(self, channel: Channel) -> None:
        self._stub = order_pb2_grpc.OrderServiceStub(channel)

    async def seller_of_purchase(self, buyer_id: str, item_id: str) -> str:
        """Who sold the item to the buyer. Raises ItemNotBought."""
        request = order_pb2.GetPurchaseRequest(buyer_id=buyer_id, item_id=item_id)
        try:
            purchase = await call(self._stub.GetPurchase, request, order_pb2.GetPurchaseResponse)
        except Refusal as refusal:
            if refusal.reason == _NOT_BOUGHT:
                raise ItemNotBought(item_id) from None
            raise
        return purchase.seller_id
