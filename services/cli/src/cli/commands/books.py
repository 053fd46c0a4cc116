"""The bookstore's commands, `lookup` and `buy`, which serve every other item too."""

from argparse import Namespace
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from cli import operations
from cli.arguments import Commands, count, idempotency_key, identifier
from cli.commands.items import item_record
from cli.commands.orders import order_record, placing
from cli.errors import CommandFailed, Refused
from cli.presentation import Block, Record
from cli.transport import Answer
from cli.visit import Visit

# Whether an id is unknown to the bookstore, or nothing a book's id can be.
NO_BOOK: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


def add_commands(commands: Commands) -> None:
    lookup = commands.add("lookup", _lookup, "show a book or any other item")
    lookup.add_argument("id", type=identifier, metavar="ID")
    buy = commands.add("buy", _buy, "buy an item; books without logging in, too")
    buy.add_argument("id", type=identifier, metavar="ID")
    buy.add_argument("--quantity", type=count, default=1, metavar="N")
    buy.add_argument("--idempotency-key", type=idempotency_key, metavar="KEY", help="the same key never buys twice")


def _lookup(arguments: Namespace, visit: Visit) -> None:
    if _may_be_book(arguments.id):
        try:
            book = visit.shop.call(operations.GET_BOOK, {"id": arguments.id})
        except Refused as refused:
            if refused.status not in NO_BOOK:
                raise
        else:
            visit.output.show(book, _book_record)
            return
    visit.output.show(visit.shop.call(operations.GET_ITEM, {"item_id": arguments.id}), item_record)


def _buy(arguments: Namespace, visit: Visit) -> None:
    if visit.session and visit.session.role != "seller":
        _buy_as_customer(arguments, visit)
    else:
        _buy_books(arguments, visit)


def _buy_as_customer(arguments: Namespace, visit: Visit) -> None:
    lines = [{"item_id": arguments.id, "quantity": arguments.quantity}]
    with placing(arguments) as key:
        order = visit.shop.call(operations.PLACE_ORDER, {"lines": lines}, key=key)
    visit.output.show(order, order_record)


def _buy_books(arguments: Namespace, visit: Visit) -> None:
    """The bookstore sells one copy at a time. What was bought is shown even when a later copy is refused."""
    receipts: list[Answer] = []
    try:
        with placing(arguments) as key:
            for copy in range(1, arguments.quantity + 1):
                copy_key = key if copy == 1 else f"{key}-{copy}"
                receipts.append(visit.shop.call(operations.BUY_BOOK, {"id": arguments.id}, key=copy_key))
    except CommandFailed as failure:
        if receipts:
            failure.add_note(f"Bought {len(receipts)} of {arguments.quantity}.")
        elif isinstance(failure, Refused) and failure.status in NO_BOOK:
            failure.add_note("To buy anything but books, log in as a buyer: agora login")
        raise
    finally:
        if receipts:
            visit.output.show(receipts if arguments.quantity > 1 else receipts[0], _receipt_records)


def _may_be_book(item_id: str) -> bool:
    return item_id.isascii() and item_id.isdecimal()


def _book_record(book: Answer) -> Iterator[Block]:
    yield Record(
        {
            "Id": book["id"],
            "Title": book["title"],
            "Topic": book["topic"],
            "Price": f"{book['cost']:.2f} USD",
            "In stock": book["count"],
        }
    )


def _receipt_records(receipts: Answer) -> Iterator[Block]:
    for receipt in receipts if isinstance(receipts, list) else [receipts]:
        yield Record(
            {
                "Order": receipt["OrderId"],
                "Status": receipt["Order status"],
                "Book": receipt["ID"],
                "Date": receipt["Date"],
            }
        )
