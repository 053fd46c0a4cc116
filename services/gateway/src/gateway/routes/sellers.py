"""Sellers: their items and their rating."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agora.catalog.v1 import catalog_pb2 as pb
from gateway.openapi import CACHED_READ, refuses
from gateway.routes.answers import answer_json, items_bytes, rating_bytes
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import AnySession, SellerId, SellerSession
from gateway.schemas.items import ItemPage, Rating
from gateway.schemas.types import PageQuery
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/sellers", tags=["Sellers"], route_class=LeanRoute)


@router.get(
    "/{seller_id}/rating",
    summary="Show a seller's rating",
    response_model=Rating,
    responses=CACHED_READ | refuses({404: "`SELLER_NOT_FOUND`."}),
)
async def show_rating(request: Request, seller_id: SellerId, _: AnySession) -> Response:
    """Sellers nobody voted on have zeros."""
    rating, source = await shop_of(request).reads.rating(seller_id)
    return answer_json(rating_bytes(rating), source)


@router.get(
    "/me/items",
    summary="List one's own items, in the order of their registration",
    response_model=ItemPage,
    responses=CACHED_READ | refuses({403: "`WRONG_ROLE`."}),
)
async def list_own_items(request: Request, session: SellerSession, page: Annotated[PageQuery, Query()]) -> Response:
    own = pb.ListSellerItemsRequest(seller_id=session.account_id, **page.model_dump())
    items, source = await shop_of(request).reads.list_of_seller(own)
    return answer_json(items_bytes(items), source)
