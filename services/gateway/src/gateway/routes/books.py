"""The bookstore of the seeds. Its books are items with a topic; their ids are the numbers 1 to 7."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from agora.catalog.v1 import catalog_pb2
from agora.order.v1 import order_pb2
from chassis.errors import Refusal
from gateway.auth import operator
from gateway.cache.look_up import Read
from gateway.clients.sellers import SHOP_ID
from gateway.idempotency import request_id_of
from gateway.openapi import CACHED_READ, KEY_REUSED, VERSIONED, VERSIONED_READ, refuses
from gateway.problems import problem_of
from gateway.refusals import BookNotFound, ItemNotFound
from gateway.routes.answers import answer, answer_read
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import IfMatch, Key
from gateway.schemas import books as schemas
from gateway.shop import Shop, shop_of
from gateway.versions import etag_of, expected_versions

router = APIRouter(prefix="/books", tags=["Books"], route_class=LeanRoute)

# Nobody signs in here: everyone buys as this buyer.
_GUEST: Final = "guest"
_BOOK_IDS: Final = tuple(map(str, range(1, 8)))
_MANY: Final = 500

Book = catalog_pb2.Item


@router.get(
    "/{id}",
    summary="Show a book",
    response_model=schemas.Book,
    responses=VERSIONED_READ | refuses({404: "`BOOK_NOT_FOUND`."}),
)
async def show_book(request: Request, number: Annotated[schemas.BookNumber, Path(alias="id")]) -> Response:
    book, source = await _read_book(shop_of(request), number)
    return answer_read(_book_json(book), source, {"etag": etag_of(book)})


@router.get(
    "", summary="List the books of a topic, or all", response_model=list[schemas.BookTitle], responses=CACHED_READ
)
async def list_books(request: Request, query: Annotated[schemas.BookQuery, Query()]) -> Response:
    books, source = await _read_books(shop_of(request), query.topic)
    return answer_read([_title_json(book) for book in books], source)


@router.post(
    "/{id}",
    summary="Buy one copy of a book",
    response_model=schemas.Purchase,
    responses=refuses(
        {
            404: "`BOOK_NOT_FOUND`.",
            409: "`OUT_OF_STOCK`, with the further member `Order status` that says so.",
        }
        | KEY_REUSED
    ),
)
async def buy_book(
    request: Request, number: Annotated[schemas.BookNumber, Path(alias="id")], key: Key = None
) -> Response:
    shop = shop_of(request)
    book, _ = await _read_book(shop, number)
    line = order_pb2.Line(item_id=book.item_id, quantity=1)
    try:
        placed = await shop.orders.place_order(
            order_pb2.PlaceOrderRequest(request_id=request_id_of(request, key), buyer_id=_GUEST, lines=[line])
        )
    except Refusal as refusal:
        if refusal.reason != "OUT_OF_STOCK":
            raise
        return problem_of(refusal, {"Order status": "Out of stock", "ID": number}).response()
    return answer(_purchase_json(placed.order, number))


@router.patch(
    "/{id}",
    summary="Set the count or the cost of a book",
    response_model=schemas.Book,
    responses=VERSIONED
    | refuses(
        {403: "`OPERATOR_TOKEN_UNSET`.", 404: "`BOOK_NOT_FOUND`.", 412: "`ITEM_CHANGED`: as for items."} | KEY_REUSED
    ),
    dependencies=[Depends(operator)],
)
async def change_book(
    request: Request,
    number: Annotated[schemas.BookNumber, Path(alias="id")],
    change: schemas.BookChange,
    key: Key = None,
    if_match: IfMatch = None,
) -> Response:
    shop = shop_of(request)
    book, _ = await _read_book(shop, number)
    changed = await shop.catalog.update_item(
        catalog_pb2.UpdateItemRequest(
            request_id=request_id_of(request, key, account_id=SHOP_ID),
            item_id=book.item_id,
            seller_id=SHOP_ID,
            expected_versions=expected_versions(if_match),
            quantity=change.count,
            price_cents=None if change.cost is None else round(change.cost * 100),
        )
    )
    return answer(_book_json(changed), headers={"etag": etag_of(changed)})


async def _read_book(shop: Shop, number: int) -> Read[Book]:
    """Raises BookNotFound, for items that are no books too."""
    try:
        read = await shop.reads.item(str(number))
    except ItemNotFound:
        raise BookNotFound(number) from None
    if not read.value.message.topic:
        raise BookNotFound(number)
    return Read(read.value.message, read.source)


async def _read_books(shop: Shop, topic: str) -> Read[list[Book]]:
    if not topic:
        items, source = await shop.reads.items(_BOOK_IDS)
    else:
        request = catalog_pb2.SearchItemsRequest(topic=topic, page_size=_MANY)
        (items, _), source = await shop.reads.search(request, shop.catalog.search_items)
    return Read([item.message for item in items], source)


def _title_json(book: Book) -> dict[str, Any]:
    return {"id": int(book.item_id), "title": book.name}


def _book_json(book: Book) -> dict[str, Any]:
    return _title_json(book) | {"topic": book.topic, "cost": book.price_cents / 100, "count": book.quantity}


def _purchase_json(order: order_pb2.Order, number: int) -> dict[str, Any]:
    return {
        "OrderId": order.order_id,
        "Order status": "Success",
        "ID": number,
        "Date": order.create_time.ToJsonString(),
    }
