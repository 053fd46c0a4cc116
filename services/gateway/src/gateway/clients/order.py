"""The order service: carts and orders."""

from agora.order.v1.order_pb2_grpc import OrderServiceStub
from grpc.aio import Channel

from agora.order.v1 import order_pb2 as pb
from chassis.grpc_client import call


class Orders:
    def __init__(self, channel: Channel) -> None:
        self._stub = OrderServiceStub(channel)

    async def place_order(self, request: pb.PlaceOrderRequest) -> pb.PlaceOrderResponse:
        return await call(self._stub.PlaceOrder, request, pb.PlaceOrderResponse)

    async def get_order(self, buyer_id: str, order_id: str) -> pb.Order:
        request = pb.GetOrderRequest(buyer_id=buyer_id, order_id=order_id)
        return (await call(self._stub.GetOrder, request, pb.GetOrderResponse)).order

    async def list_orders(self, request: pb.ListOrdersRequest) -> pb.ListOrdersResponse:
        return await call(self._stub.ListOrders, request, pb.ListOrdersResponse)

    async def get_cart(self, owner: pb.CartOwner) -> pb.Cart:
        return (await call(self._stub.GetCart, pb.GetCartRequest(owner=owner), pb.GetCartResponse)).cart

    async def add_cart_item(self, request: pb.AddCartItemRequest) -> pb.Cart:
        return (await call(self._stub.AddCartItem, request, pb.AddCartItemResponse)).cart

    async def remove_cart_item(self, request: pb.RemoveCartItemRequest) -> pb.Cart:
        return (await call(self._stub.RemoveCartItem, request, pb.RemoveCartItemResponse)).cart

    async def clear_cart(self, owner: pb.CartOwner, request_id: str) -> pb.Cart:
        request = pb.ClearCartRequest(owner=owner, request_id=request_id)
        return (await call(self._stub.ClearCart, request, pb.ClearCartResponse)).cart

    async def keep_cart(self, session_id: str) -> None:
        await call(self._stub.KeepCart, pb.KeepCartRequest(session_id=session_id), pb.KeepCartResponse)

    async def save_cart(self, owner: pb.CartOwner, request_id: str) -> pb.Cart:
        request = pb.SaveCartRequest(owner=owner, request_id=request_id)
        return (await call(self._stub.SaveCart, request, pb.SaveCartResponse)).cart
