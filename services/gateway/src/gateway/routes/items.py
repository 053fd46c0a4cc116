"""Items: shown, searched, put up for sale, changed."""

from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from agora.catalog.v1 import catalog_pb2 as pb
from gateway.auth import token_hash_of
from gateway.client_address import client_address
from gateway.idempotency import request_id_of
from gateway.openapi import CACHED_READ, KEY_REUSED, VERSIONED, VERSIONED_CREATION, VERSIONED_READ, refuses
from gateway.routes.answers import CONDITIONS, answer_item, answer_json, item_bytes, items_bytes
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import IfMatch, ItemId, Key, SellerSession
from gateway.schemas.items import Item, ItemChange, ItemPage, NewItem, SearchQuery
from gateway.shop import shop_of
from gateway.versions import etag_of, expected_versions

router = APIRouter(prefix="/v1/items", tags=["Items"], route_class=LeanRoute)


@router.get(
    "/{item_id}",
    summary="Show an item",
    response_model=Item,
    responses=VERSIONED_READ | refuses({404: "`ITEM_NOT_FOUND`."}),
)
async def show_item(request: Request, item_id: ItemId) -> Response:
    item, source = await shop_of(request).reads.item(item_id)
    return answer_json(item_bytes(item), source, {"etag": etag_of(item.message)})


@router.get(
    "",
    summary="Search items",
    response_model=ItemPage,
    responses=CACHED_READ | refuses({429: "`SEARCHES_BUSY`, `SEARCHES_COSTLY`."}),
)
async def search_items(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Every given filter must hold. Items that match more of the keywords come first."""
    asked = pb.SearchItemsRequest(**query.model_dump())
    page, source = await shop_of(request).reads.search(asked, partial(_search, request))
    return answer_json(items_bytes(page), source)


async def _search(request: Request, asked: pb.SearchItemsRequest) -> pb.SearchItemsResponse:
    """A page that no cache has."""
    shop = shop_of(request)
    if not asked.keywords and not asked.text:
        return await shop.catalog.search_items(asked)
    token_hash = token_hash_of(request)
    session = await shop.sessions.find(token_hash) if token_hash is not None else None
    if session is not None:
        return await shop.searches.run(asked, session.account_id)
    return await shop.searches.run_anonymous(asked, client_address(request))


@router.post(
    "",
    summary="Put an item up for sale",
    status_code=HTTPStatus.CREATED,
    response_model=Item,
    responses=VERSIONED_CREATION | refuses({403: "`WRONG_ROLE`."} | KEY_REUSED),
)
async def register_item(request: Request, session: SellerSession, item: NewItem, key: Key = None) -> Response:
    registered = await shop_of(request).catalog.register_item(
        pb.RegisterItemRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            seller_id=session.account_id,
            condition=CONDITIONS[item.condition],
            **item.model_dump(exclude={"condition"}),
        )
    )
    return answer_item(registered, HTTPStatus.CREATED)


@router.patch(
    "/{item_id}",
    summary="Change the price or the quantity of one's own item",
    response_model=Item,
    responses=VERSIONED
    | refuses(
        {
            403: "`WRONG_ROLE`, `NOT_ITEM_OWNER`.",
            404: "`ITEM_NOT_FOUND`.",
            409: "`QUANTITY_OUT_OF_RANGE`: with `quantity_delta` added it would be below 0 or above 1,000,000.",
            412: "`ITEM_CHANGED`: its version is none that `If-Match` names. A sale changes the version too.",
        }
        | KEY_REUSED
    ),
)
async def change_item(
    request: Request,
    item_id: ItemId,
    session: SellerSession,
    change: ItemChange,
    *,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    """A repeated key changes nothing, and answers with the item as it is by then, or as it was rejected first."""
    changed = await shop_of(request).catalog.update_item(
        pb.UpdateItemRequest(
            request_id=request_id_of(request, key, account_id=session.account_id),
            item_id=item_id,
            seller_id=session.account_id,
            expected_versions=expected_versions(if_match),
            **change.model_dump(),
        )
    )
    return answer_item(changed)
