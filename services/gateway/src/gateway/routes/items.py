"""Items: shown, searched, put up for sale, changed."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agora.catalog.v1 import catalog_pb2 as pb
from gateway.openapi import CACHED_READ, refuses
from gateway.routes.answers import CONDITIONS, answer, answer_json, item_bytes, item_json, items_bytes
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import ItemId, Key, SellerSession
from gateway.schemas.items import Item, ItemChange, ItemPage, NewItem, SearchQuery
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/items", tags=["Items"], route_class=LeanRoute)


@router.get(
    "/{item_id}",
    summary="Show an item",
    response_model=Item,
    responses=CACHED_READ | refuses({404: "`ITEM_NOT_FOUND`."}),
)
async def show_item(request: Request, item_id: ItemId) -> Response:
    item, source = await shop_of(request).reads.item(item_id)
    return answer_json(item_bytes(item), source)


@router.get("", summary="Search items", response_model=ItemPage, responses=CACHED_READ)
async def search_items(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Every given filter must hold. Items that match more of the keywords come first."""
    page, source = await shop_of(request).reads.search(pb.SearchItemsRequest(**query.model_dump()))
    return answer_json(items_bytes(page), source)


@router.post(
    "",
    summary="Put an item up for sale",
    status_code=HTTPStatus.CREATED,
    response_model=Item,
    responses=refuses({403: "`WRONG_ROLE`."}),
)
async def register_item(request: Request, session: SellerSession, key: Key, item: NewItem) -> Response:
    registered = await shop_of(request).catalog.register_item(
        pb.RegisterItemRequest(
            request_id=key,
            seller_id=session.account_id,
            condition=CONDITIONS[item.condition],
            **item.model_dump(exclude={"condition"}),
        )
    )
    return answer(item_json(registered), HTTPStatus.CREATED)


@router.patch(
    "/{item_id}",
    summary="Set the price or the quantity of one's own item",
    response_model=Item,
    responses=refuses({403: "`WRONG_ROLE`, `NOT_ITEM_OWNER`.", 404: "`ITEM_NOT_FOUND`."}),
)
async def change_item(request: Request, item_id: ItemId, session: SellerSession, change: ItemChange) -> Response:
    changed = await shop_of(request).catalog.update_item(
        pb.UpdateItemRequest(item_id=item_id, seller_id=session.account_id, **change.model_dump())
    )
    return answer(item_json(changed))
