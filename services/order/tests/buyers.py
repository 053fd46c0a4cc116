"""Buyers of the tests: sessions and their carts, orders, through one replica or several."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import grpc
from agora.order.v1.order_pb2_grpc import OrderServiceStub

from agora.order.v1 import order_pb2 as pb
from chassis.errors import Refusal
from chassis.grpc_client import call
from chassis.postgres import Database
from chassis.status import code_of
from chassis.timestamps import to_timestamp
from order.recovery import Recovery
from order.settlement import Settlement

_keys = count()


def new_key() -> str:
    return f"key-{next(_keys)}"


def units(lines) -> dict[str, int]:
    """Units by item id, of any lines."""
    return {line.item_id: line.quantity for line in lines}


async def refused(called: Awaitable[Any]) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    """The code, reason and metadata of a call that must be refused."""
    try:
        answer = await called
    except Refusal as refusal:
        return code_of(refusal), refusal.reason, refusal.metadata
    raise AssertionError(f"not refused: {answer}")


@dataclass(frozen=True)
class Session:
    """A buyer's session. Its methods are the RPCs of its cart, through any replica."""

    client: "OrderClient"
    owner: pb.CartOwner

    def through(self, client: "OrderClient") -> "Session":
        return Session(client, self.owner)

    async def cart(self) -> dict[str, int]:
        return units((await self.shown()).lines)

    async def shown(self) -> pb.Cart:
        return (await call(self.client.stub.GetCart, pb.GetCartRequest(owner=self.owner), pb.GetCartResponse)).cart

    async def add(self, item_id, quantity=1, key=None) -> dict[str, int]:
        request = pb.AddCartItemRequest(
            request_id=new_key() if key is None else key, owner=self.owner, item_id=item_id, quantity=quantity
        )
        return units((await call(self.client.stub.AddCartItem, request, pb.AddCartItemResponse)).cart.lines)

    async def remove(self, item_id, quantity=None, key=None) -> dict[str, int]:
        request = pb.RemoveCartItemRequest(
            request_id=new_key() if key is None else key, owner=self.owner, item_id=item_id, quantity=quantity
        )
        return units((await call(self.client.stub.RemoveCartItem, request, pb.RemoveCartItemResponse)).cart.lines)

    async def clear(self, key="") -> dict[str, int]:
        request = pb.ClearCartRequest(owner=self.owner, request_id=key)
        return units((await call(self.client.stub.ClearCart, request, pb.ClearCartResponse)).cart.lines)

    async def save(self, key="") -> dict[str, int]:
        request = pb.SaveCartRequest(owner=self.owner, request_id=key)
        return units((await call(self.client.stub.SaveCart, request, pb.SaveCartResponse)).cart.lines)

    async def keep(self) -> None:
        request = pb.KeepCartRequest(session_id=self.owner.session_id)
        await call(self.client.stub.KeepCart, request, pb.KeepCartResponse)

    async def buy(self, key=None) -> pb.PlaceOrderResponse:
        """Buy the cart."""
        request = pb.PlaceOrderRequest(request_id=key or new_key(), buyer_id=self.owner.buyer_id, cart=self.owner)
        return await call(self.client.stub.PlaceOrder, request, pb.PlaceOrderResponse)


@dataclass(frozen=True)
class OrderClient:
    """Calls whichever replicas its channel leads to."""

    stub: OrderServiceStub

    def session(self, buyer_id="ann") -> Session:
        """A session that begins now."""
        began = to_timestamp(datetime.now(UTC))
        return Session(self, pb.CartOwner(session_id=str(uuid4()), buyer_id=buyer_id, session_create_time=began))

    async def buy(self, lines, key=None, buyer_id="ann") -> pb.PlaceOrderResponse:
        """Buy `lines`, units by item id or pairs of both."""
        pairs = lines.items() if isinstance(lines, dict) else lines
        request = pb.PlaceOrderRequest(
            request_id=new_key() if key is None else key,
            buyer_id=buyer_id,
            lines=[pb.Line(item_id=item_id, quantity=quantity) for item_id, quantity in pairs],
        )
        return await call(self.stub.PlaceOrder, request, pb.PlaceOrderResponse)

    async def order(self, order_id, buyer_id="ann") -> pb.Order:
        request = pb.GetOrderRequest(buyer_id=buyer_id, order_id=order_id)
        return (await call(self.stub.GetOrder, request, pb.GetOrderResponse)).order

    async def orders(self, buyer_id="ann", **page) -> pb.ListOrdersResponse:
        return await call(self.stub.ListOrders, pb.ListOrdersRequest(buyer_id=buyer_id, **page), pb.ListOrdersResponse)

    async def seller_of(self, item_id, buyer_id="ann") -> str:
        request = pb.GetPurchaseRequest(buyer_id=buyer_id, item_id=item_id)
        return (await call(self.stub.GetPurchase, request, pb.GetPurchaseResponse)).seller_id


@dataclass(frozen=True)
class OrderReplica(OrderClient):
    """One replica, and the parts of it that work on their own."""

    served: Any
    database: Database
    settlement: Settlement
    recovery: Recovery

    def is_busy(self) -> bool:
        pool = self.database._pool
        return pool is not None and pool.used > 0
