"""Buying what is in the cart, and orders that were placed."""

import uuid
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from cli import operations
from cli.arguments import Commands, idempotency_key, identifier
from cli.errors import CommandFailed
from cli.pages import Layout, add_paging, show_pages
from cli.presentation import Block, Record, Table, money
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    checkout = commands.add("checkout", _checkout, "buy what is in the cart")
    checkout.add_argument(
        "--idempotency-key", type=idempotency_key, metavar="KEY", help="the same key never buys twice"
    )
    orders = commands.add("orders", _orders, "list your orders, newest first, or show one of them")
    orders.add_argument("id", nargs="?", type=identifier, metavar="ID")
    add_paging(orders)


@contextmanager
def placing(arguments: Namespace) -> Iterator[str]:
    """The key to buy under; when it stays open whether something was bought, the visitor learns it too."""
    key = arguments.idempotency_key or str(uuid.uuid4())
    try:
        yield key
    except CommandFailed as failure:
        if failure.undecided:
            failure.add_note(f"It may have been bought. To ask again without buying twice: --idempotency-key {key}")
        raise


def _checkout(arguments: Namespace, visit: Visit) -> None:
    with placing(arguments) as key:
        order = visit.shop.call(operations.PLACE_ORDER, {}, key=key)
    visit.output.show(order, order_record)


def _orders(arguments: Namespace, visit: Visit) -> None:
    if arguments.id:
        visit.output.show(visit.shop.call(operations.GET_ORDER, {"order_id": arguments.id}), order_record)
    else:
        show_pages(visit, arguments, operations.LIST_ORDERS, ORDERS)


def order_record(order: Answer) -> Iterator[Block]:
    currency = order.get("currency", "USD")
    yield Record(
        {
            "Order": order["order_id"],
            "State": order["state"],
            "Placed": order["created_at"],
            "Total": money(order["total_cents"], currency),
        }
    )
    yield Table(
        ("Item", "Name", "Quantity", "Price"),
        [
            (line["item_id"], line.get("name", ""), line["quantity"], money(line["price_cents"], currency))
            for line in order["lines"]
        ],
        numeric=frozenset({"Quantity", "Price"}),
    )


def _order_row(order: Mapping[str, Any]) -> tuple[object, ...]:
    units = sum(line["quantity"] for line in order["lines"])
    total = money(order["total_cents"], order.get("currency", "USD"))
    return order["order_id"], order["state"], units, total, order["created_at"]


ORDERS: Final = Layout(
    field="orders",
    columns=("Order", "State", "Units", "Total", "Placed"),
    row=_order_row,
    numeric=frozenset({"Units", "Total"}),
)
