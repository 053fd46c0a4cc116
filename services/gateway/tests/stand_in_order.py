"""An order service in memory, which takes its stock from the stand-in catalog."""

# ruff: noqa: N802 - RPCs are named by the protos

import uuid
from collections import Counter
from typing import Any

from agora.order.v1.order_pb2_grpc import OrderServiceServicer

from agora.order.v1 import order_pb2 as pb
from chassis.errors import FailedPrecondition, InvalidArgument, InvalidField, NotFound

from .stand_in import StandIn, now, page_of
from .stand_in_catalog import ItemNotFound, StandInCatalog

MAX_UNITS = 1_000_000


class OutOfStock(FailedPrecondition):
    reason = "OUT_OF_STOCK"


class CartEmpty(FailedPrecondition):
    reason = "CART_EMPTY"


class CartLineNotFound(NotFound):
    reason = "CART_LINE_NOT_FOUND"


class OrderNotFound(NotFound):
    reason = "ORDER_NOT_FOUND"


class IdempotencyKeyReused(InvalidArgument):
    reason = "IDEMPOTENCY_KEY_REUSED"


class StandInOrders(StandIn, OrderServiceServicer):
    def __init__(self, catalog: StandInCatalog) -> None:
        super().__init__()
        self._catalog = catalog
        self._placed: dict[tuple[str, str], tuple[Counter[str], pb.Order]] = {}
        self._carts: dict[str, Counter[str]] = {}
        self._saved: dict[str, Counter[str]] = {}

    async def PlaceOrder(self, request: pb.PlaceOrderRequest, context: Any) -> pb.PlaceOrderResponse:
        await self.enter("PlaceOrder", request, context)
        key = (request.buyer_id, request.request_id)
        asked = _units(request.lines)
        if key in self._placed:
            first, order = self._placed[key]
            if first != asked:
                raise IdempotencyKeyReused(
                    "this Idempotency-Key was used for another order", {"field": "Idempotency-Key"}
                )
            return pb.PlaceOrderResponse(order=order, replayed=True)
        bought = asked or self._cart_of(request.cart)
        if not bought:
            raise CartEmpty("the cart is empty")
        order = self._sell(request.buyer_id, bought)
        self._placed[key] = (asked, order)
        if not asked:
            bought.clear()
        return pb.PlaceOrderResponse(order=order)

    async def GetOrder(self, request: pb.GetOrderRequest, context: Any) -> pb.GetOrderResponse:
        await self.enter("GetOrder", request, context)
        for _, order in self._placed.values():
            if (order.buyer_id, order.order_id) == (request.buyer_id, request.order_id):
                return pb.GetOrderResponse(order=order)
        raise OrderNotFound("there is no such order")

    async def ListOrders(self, request: pb.ListOrdersRequest, context: Any) -> pb.ListOrdersResponse:
        await self.enter("ListOrders", request, context)
        own = [order for _, order in reversed(self._placed.values()) if order.buyer_id == request.buyer_id]
        orders, token = page_of(own, request.page_size, request.page_token)
        return pb.ListOrdersResponse(orders=orders, next_page_token=token)

    async def GetCart(self, request: pb.GetCartRequest, context: Any) -> pb.GetCartResponse:
        await self.enter("GetCart", request, context)
        return pb.GetCartResponse(cart=self._shown(request.owner))

    async def AddCartItem(self, request: pb.AddCartItemRequest, context: Any) -> pb.AddCartItemResponse:
        await self.enter("AddCartItem", request, context)
        if request.item_id not in self._catalog.items:
            raise ItemNotFound("there is no such item", {"item_id": request.item_id})
        cart = self._cart_of(request.owner)
        if cart[request.item_id] + request.quantity > MAX_UNITS:
            raise InvalidField("quantity", f"would make more than {MAX_UNITS} units of one item")
        cart[request.item_id] += request.quantity
        return pb.AddCartItemResponse(cart=self._shown(request.owner))

    async def RemoveCartItem(self, request: pb.RemoveCartItemRequest, context: Any) -> pb.RemoveCartItemResponse:
        await self.enter("RemoveCartItem", request, context)
        cart = self._cart_of(request.owner)
        if request.item_id not in cart:
            raise CartLineNotFound("the item is not in the cart", {"item_id": request.item_id})
        cart[request.item_id] -= request.quantity if request.HasField("quantity") else cart[request.item_id]
        if cart[request.item_id] <= 0:
            del cart[request.item_id]
        return pb.RemoveCartItemResponse(cart=self._shown(request.owner))

    async def ClearCart(self, request: pb.ClearCartRequest, context: Any) -> pb.ClearCartResponse:
        await self.enter("ClearCart", request, context)
        self._cart_of(request.owner).clear()
        return pb.ClearCartResponse(cart=self._shown(request.owner))

    async def KeepCart(self, request: pb.KeepCartRequest, context: Any) -> pb.KeepCartResponse:
        await self.enter("KeepCart", request, context)
        return pb.KeepCartResponse()

    async def SaveCart(self, request: pb.SaveCartRequest, context: Any) -> pb.SaveCartResponse:
        await self.enter("SaveCart", request, context)
        self._saved[request.owner.buyer_id] = Counter(self._cart_of(request.owner))
        return pb.SaveCartResponse(cart=self._shown(request.owner))

    def has_bought(self, buyer_id: str, item_id: str) -> bool:
        orders = [order for _, order in self._placed.values() if order.buyer_id == buyer_id]
        return any(line.item_id == item_id for order in orders for line in order.lines)

    def _cart_of(self, owner: pb.CartOwner) -> Counter[str]:
        return self._carts.setdefault(owner.session_id, Counter(self._saved.get(owner.buyer_id)))

    def _shown(self, owner: pb.CartOwner) -> pb.Cart:
        lines = [
            pb.CartLine(
                item_id=item.item_id,
                quantity=quantity,
                name=item.name,
                price_cents=item.price_cents,
                currency=item.currency,
            )
            for item_id, quantity in sorted(self._cart_of(owner).items())
            for item in [self._catalog.items[item_id]]
        ]
        return pb.Cart(lines=lines, total_cents=sum(line.quantity * line.price_cents for line in lines))

    def _sell(self, buyer_id: str, bought: Counter[str]) -> pb.Order:
        for item_id, quantity in bought.items():
            if item_id not in self._catalog.items:
                raise ItemNotFound("there is no such item", {"item_id": item_id})
            if self._catalog.items[item_id].quantity < quantity:
                raise OutOfStock(f"there are not enough units of item {item_id} left", {"item_id": item_id})
        lines = []
        for item_id, quantity in sorted(bought.items()):
            item = self._catalog.items[item_id]
            item.quantity -= quantity
            line = pb.OrderLine(item_id=item_id, quantity=quantity, price_cents=item.price_cents, name=item.name)
            lines.append(line)
        return pb.Order(
            order_id=str(uuid.uuid4()),
            buyer_id=buyer_id,
            state=pb.ORDER_STATE_CONFIRMED,
            lines=lines,
            total_cents=sum(line.quantity * line.price_cents for line in lines),
            currency="USD",
            create_time=now(),
        )


def _units(lines: Any) -> Counter[str]:
    units: Counter[str] = Counter()
    for line in lines:
        units[line.item_id] += line.quantity
    return units
