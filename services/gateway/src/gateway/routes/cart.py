"""The cart of a buyer's session."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agora.order.v1 import order_pb2 as pb
from gateway.clients.account import Session
from gateway.idempotency import request_id_of
from gateway.openapi import KEY_REUSED, refuses
from gateway.routes.answers import answer, cart_json
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import BuyerSession, ItemId, Key
from gateway.schemas.cart import Cart, CartItemRemoval, NewCartItem
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/cart", tags=["Cart"], route_class=LeanRoute, responses=refuses({403: "`WRONG_ROLE`."}))


def owner_of_cart(session: Session) -> pb.CartOwner:
    return pb.CartOwner(
        session_id=session.session_id, buyer_id=session.account_id, session_create_time=session.create_time
    )


@router.get("", summary="Show the cart at today's prices", response_model=Cart)
async def show_cart(request: Request, session: BuyerSession) -> Response:
    return answer(cart_json(await shop_of(request).orders.get_cart(owner_of_cart(session))))


@router.post(
    "/items",
    summary="Put units of an item into the cart",
    response_model=Cart,
    responses=refuses({404: "`ITEM_NOT_FOUND`.", 409: "`CART_FULL`, `MIXED_CURRENCIES`."} | KEY_REUSED),
)
async def add_cart_item(request: Request, session: BuyerSession, line: NewCartItem, key: Key = None) -> Response:
    cart = await shop_of(request).orders.add_cart_item(
        pb.AddCartItemRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            owner=owner_of_cart(session),
            item_id=line.item_id,
            quantity=line.quantity,
        )
    )
    return answer(cart_json(cart))


@router.delete(
    "/items/{item_id}",
    summary="Take units of an item, or all of them, out of the cart",
    response_model=Cart,
    responses=refuses({404: "`CART_LINE_NOT_FOUND`."} | KEY_REUSED),
)
async def remove_cart_item(
    request: Request,
    item_id: ItemId,
    session: BuyerSession,
    removal: Annotated[CartItemRemoval, Query()],
    key: Key = None,
) -> Response:
    cart = await shop_of(request).orders.remove_cart_item(
        pb.RemoveCartItemRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            owner=owner_of_cart(session),
            item_id=item_id,
            quantity=removal.quantity,
        )
    )
    return answer(cart_json(cart))


@router.delete("", summary="Empty the cart", response_model=Cart)
async def clear_cart(request: Request, session: BuyerSession, key: Key = None) -> Response:
    request_id = request_id_of(request, key, account_id=session.account_id)
    return answer(cart_json(await shop_of(request).orders.clear_cart(owner_of_cart(session), request_id)))


@router.post("/save", summary="Keep the cart for every later session", response_model=Cart)
async def save_cart(request: Request, session: BuyerSession, key: Key = None) -> Response:
    request_id = request_id_of(request, key, account_id=session.account_id)
    return answer(cart_json(await shop_of(request).orders.save_cart(owner_of_cart(session), request_id)))
