"""Orders: placed once for each key, listed, shown."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agora.order.v1 import order_pb2 as pb
from gateway.idempotency import request_id_of
from gateway.openapi import KEY_REUSED, refuses
from gateway.routes.answers import answer, order_json, orders_json
from gateway.routes.cart import owner_of_cart
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import BuyerSession, OrderId, RequiredKey
from gateway.schemas.orders import NewOrder, Order, OrderPage
from gateway.schemas.types import PageQuery
from gateway.shop import shop_of

router = APIRouter(
    prefix="/v1/orders", tags=["Orders"], route_class=LeanRoute, responses=refuses({403: "`WRONG_ROLE`."})
)


@router.post(
    "",
    summary="Buy the given lines, or the cart",
    status_code=HTTPStatus.CREATED,
    response_model=Order,
    responses=refuses(
        {
            404: "`ITEM_NOT_FOUND`; final for this key, as 409 is.",
            409: "`OUT_OF_STOCK`, `MIXED_CURRENCIES`, `CART_EMPTY`, `CART_BOUGHT` by another key; nothing was changed. "
            "Final: this key is answered like that for good, so try again with another one.",
        }
        | KEY_REUSED
    )
    | {200: {"model": Order, "description": "The order that an earlier request with this key made."}},
)
async def place_order(
    request: Request, session: BuyerSession, key: RequiredKey, order: NewOrder | None = None
) -> Response:
    lines = order.lines if order and order.lines else []
    placed = await shop_of(request).orders.place_order(
        pb.PlaceOrderRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            buyer_id=session.account_id,
            lines=[pb.Line(item_id=line.item_id, quantity=line.quantity) for line in lines],
            cart=owner_of_cart(session),
        )
    )
    return answer(order_json(placed.order), HTTPStatus.OK if placed.replayed else HTTPStatus.CREATED)


@router.get("", summary="List one's own orders, newest first", response_model=OrderPage)
async def list_orders(request: Request, session: BuyerSession, page: Annotated[PageQuery, Query()]) -> Response:
    orders = await shop_of(request).orders.list_orders(
        pb.ListOrdersRequest(buyer_id=session.account_id, **page.model_dump())
    )
    return answer(orders_json(orders))


@router.get(
    "/{order_id}",
    summary="Show one of one's own orders",
    response_model=Order,
    responses=refuses({404: "`ORDER_NOT_FOUND`, for others' orders too."}),
)
async def show_order(request: Request, order_id: OrderId, session: BuyerSession) -> Response:
    return answer(order_json(await shop_of(request).orders.get_order(session.account_id, order_id)))
