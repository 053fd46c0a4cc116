"""A buyer's cart: `cart add`, `remove`, `show`, `save` and `clear`."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any

from cli import operations
from cli.arguments import Commands, count, identifier
from cli.presentation import Block, Record, Table, money
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    cart = commands.group("cart", "collect items before buying them")
    add = cart.add("add", _add, "put units of an item into the cart")
    add.add_argument("id", type=identifier, metavar="ITEM")
    add.add_argument("--quantity", type=count, default=1, metavar="N")
    remove = cart.add("remove", _remove, "take units of an item, or all of them, out of the cart")
    remove.add_argument("id", type=identifier, metavar="ITEM")
    remove.add_argument("--quantity", type=count, metavar="N", help="all units when left out")
    cart.add("show", _show, "show the cart")
    cart.add("save", _save, "keep the cart for your later sessions")
    cart.add("clear", _clear, "empty the cart")


def _add(arguments: Namespace, visit: Visit) -> None:
    fields = {"item_id": arguments.id, "quantity": arguments.quantity}
    visit.output.show(visit.shop.call(operations.ADD_CART_ITEM, fields), _cart_table)


def _remove(arguments: Namespace, visit: Visit) -> None:
    fields = {"item_id": arguments.id, "quantity": arguments.quantity}
    visit.output.show(visit.shop.call(operations.REMOVE_CART_ITEM, fields), _cart_table)


def _show(_: Namespace, visit: Visit) -> None:
    visit.output.show(visit.shop.call(operations.GET_CART, {}), _cart_table)


def _save(_: Namespace, visit: Visit) -> None:
    visit.output.show(visit.shop.call(operations.SAVE_CART, {}), _cart_table)


def _clear(_: Namespace, visit: Visit) -> None:
    visit.output.show(visit.shop.call(operations.CLEAR_CART, {}), _cart_table)


def _cart_table(cart: Answer) -> Iterator[Block]:
    lines = cart["lines"]
    if not lines:
        yield "The cart is empty."
        return
    yield Table(("Item", "Name", "Quantity", "Price"), map(_line_row, lines), numeric=frozenset({"Quantity", "Price"}))
    yield Record({"Total": money(cart["total_cents"], lines[0].get("currency", "USD"))})


def _line_row(line: Mapping[str, Any]) -> tuple[object, ...]:
    """The contract promises the item and the quantity only."""
    price = money(line["price_cents"], line.get("currency", "USD")) if "price_cents" in line else ""
    return line["item_id"], line.get("name", ""), line["quantity"], price
