"""What a client may call: the services' RPCs that the gateway offers too, by their gRPC names, and on whose behalf.

Who asks is never taken from the message: the fields that name a buyer, a seller or a session are set from the session.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from google.protobuf.message import Message

from account.domain import Role, Session
from agora.account.v1 import account_pb2
from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2
from agora.review.v1 import review_pb2
from chassis.timestamps import to_timestamp
from monolith.shop import Shop

Behaviour = Callable[[Any, Any], Awaitable[Message]]
Sign = Callable[[Any, Session], None]


class Caller(Enum):
    """Who may call a method."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    BUYER = Role.BUYER
    SELLER = Role.SELLER


@dataclass(frozen=True, slots=True)
class Method:
    """`sign` writes into a request who asks."""

    behaviour: Behaviour
    request_type: type[Message]
    caller: Caller
    sign: Sign

    @property
    def is_limited_by_address(self) -> bool:
        return "client_address" in self.request_type.DESCRIPTOR.fields_by_name


def _unsigned(_request: Any, _session: Session) -> None:
    pass


def _token_hash(request: Any, session: Session) -> None:
    request.token_hash = session.token_hash


def _seller_id(request: Any, session: Session) -> None:
    request.seller_id = session.account_id


def _buyer_id(request: Any, session: Session) -> None:
    request.buyer_id = session.account_id


def _owner(request: Any, session: Session) -> None:
    request.owner.CopyFrom(_cart_owner(session))


def _buyer_and_cart(request: Any, session: Session) -> None:
    request.buyer_id = session.account_id
    request.cart.CopyFrom(_cart_owner(session))


def _cart_owner(session: Session) -> order_pb2.CartOwner:
    return order_pb2.CartOwner(
        session_id=session.session_id,
        buyer_id=session.account_id,
        session_create_time=to_timestamp(session.created_at),
    )


_CALLERS: Final[dict[Any, dict[str, tuple[Caller, Sign]]]] = {
    account_pb2: {
        "CreateAccount": (Caller.ANYONE, _unsigned),
        "CreateSession": (Caller.ANYONE, _unsigned),
        "DeleteSession": (Caller.SIGNED_IN, _token_hash),
    },
    catalog_pb2: {
        "BatchGetItems": (Caller.ANYONE, _unsigned),
        "SearchItems": (Caller.ANYONE, _unsigned),
        "RegisterItem": (Caller.SELLER, _seller_id),
        "UpdateItem": (Caller.SELLER, _seller_id),
        "ListSellerItems": (Caller.SELLER, _seller_id),
    },
    order_pb2: {
        "PlaceOrder": (Caller.BUYER, _buyer_and_cart),
        "GetOrder": (Caller.BUYER, _buyer_id),
        "ListOrders": (Caller.BUYER, _buyer_id),
        "GetCart": (Caller.BUYER, _owner),
        "AddCartItem": (Caller.BUYER, _owner),
        "RemoveCartItem": (Caller.BUYER, _owner),
        "ClearCart": (Caller.BUYER, _owner),
        "SaveCart": (Caller.BUYER, _owner),
    },
    review_pb2: {
        "LeaveFeedback": (Caller.BUYER, _buyer_id),
        "BatchGetSellerRatings": (Caller.SIGNED_IN, _unsigned),
    },
}


def methods_of(shop: Shop) -> dict[str, Method]:
    """By full name, such as `agora.catalog.v1.CatalogService/SearchItems`."""
    servicers = {account_pb2: shop.account, catalog_pb2: shop.catalog, order_pb2: shop.order, review_pb2: shop.review}
    methods = {}
    for module, callers in _CALLERS.items():
        (service,) = module.DESCRIPTOR.services_by_name.values()
        for name, (caller, sign) in callers.items():
            request_type = getattr(module, service.methods_by_name[name].input_type.name)
            behaviour = getattr(servicers[module], name)
            methods[f"{service.full_name}/{name}"] = Method(behaviour, request_type, caller, sign)
    return methods
