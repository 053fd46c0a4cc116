"""Orders over gRPC: messages in, use case, messages out."""

from typing import Any
from uuid import UUID, uuid4

from agora.order.v1.order_pb2_grpc import OrderServiceServicer

from agora.order.v1 import order_pb2 as pb
from chassis.errors import InvalidField, Refusal
from chassis.timestamps import to_datetime, to_timestamp
from order import metrics
from order.carts import Carts
from order.checkout import Checkout
from order.domain import Cart, CartOwner, Order, merge_lines
from order.history import History


class OrderServicer(OrderServiceServicer):
    def __init__(self, checkout: Checkout, history: History, carts: Carts) -> None:
        self._checkout = checkout
        self._history = history
        self._carts = carts

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, context: Any) -> pb.PlaceOrderResponse:
        try:
            order, replayed = await self._buy(request)
        except Refusal as refusal:
            metrics.PLACEMENTS.labels(refusal.reason.lower()).inc()
            raise
        (metrics.REPLAYED if replayed else metrics.CONFIRMED).inc()
        return pb.PlaceOrderResponse(order=_order_message(order), replayed=replayed)

    async def _buy(self, request: pb.PlaceOrderRequest) -> tuple[Order, bool]:
        if request.lines:
            lines = merge_lines((line.item_id, line.quantity) for line in request.lines)
            return await self._checkout.buy_lines(request.buyer_id, request.request_id, lines)
        owner = _owner(request.cart)
        if owner.buyer_id != request.buyer_id:
            raise InvalidField("cart", "must be the buyer's own")
        return await self._checkout.buy_cart(owner, request.request_id)

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        order = await self._history.get(request.buyer_id, request.order_id)
        return pb.GetOrderResponse(order=_order_message(order))

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        page = await self._history.page(request.buyer_id, request.page_size, request.page_token)
        return pb.ListOrdersResponse(orders=map(_order_message, page.orders), next_page_token=page.next_page_token)

    async def GetPurchase(self, request: pb.GetPurchaseRequest, context: Any) -> pb.GetPurchaseResponse:
        seller_id = await self._history.seller_of_purchase(request.buyer_id, request.item_id)
        return pb.GetPurchaseResponse(seller_id=seller_id)

    async def GetCart(self, request: pb.GetCartRequest, context: Any) -> pb.GetCartResponse:
        return pb.GetCartResponse(cart=_cart_message(await self._carts.show(_owner(request.owner))))

    async def AddCartItem(self, request: pb.AddCartItemRequest, context: Any) -> pb.AddCartItemResponse:
        owner = _owner(request.owner)
        cart = await self._carts.add(owner, request.request_id, request.item_id, request.quantity)
        return pb.AddCartItemResponse(cart=_cart_message(cart))

    async def RemoveCartItem(self, request: pb.RemoveCartItemRequest, context: Any) -> pb.RemoveCartItemResponse:
        owner = _owner(request.owner)
        quantity = request.quantity if request.HasField("quantity") else None
        cart = await self._carts.remove(owner, request.request_id, request.item_id, quantity)
        return pb.RemoveCartItemResponse(cart=_cart_message(cart))

    async def ClearCart(self, request: pb.ClearCartRequest, context: Any) -> pb.ClearCartResponse:
        cart = await self._carts.clear(_owner(request.owner), request.request_id or str(uuid4()))
        return pb.ClearCartResponse(cart=_cart_message(cart))

    async def SaveCart(self, request: pb.SaveCartRequest, context: Any) -> pb.SaveCartResponse:
        cart = await self._carts.save(_owner(request.owner), request.request_id or str(uuid4()))
        return pb.SaveCartResponse(cart=_cart_message(cart))

    async def KeepCart(self, request: pb.KeepCartRequest, context: Any) -> pb.KeepCartResponse:
        await self._carts.keep(_session_id(request.session_id))
        return pb.KeepCartResponse()


def _session_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidField("session_id", "must be a UUID") from None


def _owner(message: pb.CartOwner) -> CartOwner:
    session_id = _session_id(message.session_id)
    return CartOwner(session_id, message.buyer_id, to_datetime(message.session_create_time))


def _order_message(order: Order) -> pb.Order:
    return pb.Order(
        order_id=str(order.order_id),
        buyer_id=order.buyer_id,
        state=pb.ORDER_STATE_CONFIRMED,
        lines=(
            pb.OrderLine(item_id=line.item_id, quantity=line.quantity, price_cents=line.price_cents, name=line.name)
            for line in order.lines
        ),
        total_cents=order.total_cents,
        currency=order.currency,
        create_time=to_timestamp(order.created_at),
    )


def _cart_message(cart: Cart) -> pb.Cart:
    return pb.Cart(
        lines=(
            pb.CartLine(
                item_id=line.item_id,
                quantity=line.quantity,
                name=line.name,
                price_cents=line.price_cents,
                currency=line.currency,
            )
            for line in cart.lines
        ),
        total_cents=cart.total_cents,
    )
