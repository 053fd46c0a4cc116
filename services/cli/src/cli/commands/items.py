"""A seller's items: `item register`, `show`, `reprice`, `restock` and `list`."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cli import operations
from cli.arguments import Commands, cents, identifier, quantity_or_delta, whole_number
from cli.pages import Layout, add_paging, show_pages
from cli.presentation import Block, Record, money
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    item = commands.group("item", "put items up for sale and change them")
    _add_register(item)
    item.add("show", _show, "show an item").add_argument("id", type=identifier, metavar="ITEM")
    reprice = item.add("reprice", _reprice, "set the price of an item of yours")
    reprice.add_argument("id", type=identifier, metavar="ITEM")
    reprice.add_argument("price", type=cents, metavar="PRICE", help="such as 12.50")
    restock = item.add("restock", _restock, "set how many units of an item of yours are for sale, or add some")
    restock.add_argument("id", type=identifier, metavar="ITEM")
    restock.add_argument(
        "change",
        type=quantity_or_delta,
        metavar="QUANTITY",
        help="100 to set it; +25 to add, or -5 to take away, whatever is sold meanwhile",
    )
    add_paging(item.add("list", _list, "list your items for sale"))


def _add_register(item: Commands) -> None:
    register = item.add("register", _register, "put a new item up for sale")
    register.add_argument("--name", required=True, help="1 to 32 characters")
    register.add_argument("--category", type=whole_number, required=True, metavar="N", help="0 to 999")
    register.add_argument(
        "--keyword",
        dest="keywords",
        action="extend",
        nargs="+",
        metavar="WORD",
        help="at most 5, of at most 8 characters",
    )
    register.add_argument("--condition", choices=("new", "used"), default="new")
    register.add_argument("--price", type=cents, required=True, metavar="PRICE", help="such as 12.50")
    register.add_argument(
        "--quantity", type=whole_number, default=1, metavar="N", help="units for sale, 1 when left out"
    )
    register.add_argument("--currency", help="ISO 4217 code, USD when left out")


def _register(arguments: Namespace, visit: Visit) -> None:
    fields = {
        "name": arguments.name,
        "category": arguments.category,
        "keywords": arguments.keywords or [],
        "condition": arguments.condition,
        "price_cents": arguments.price,
        "quantity": arguments.quantity,
        "currency": arguments.currency,
    }
    visit.output.show(visit.shop.call(operations.REGISTER_ITEM, fields), item_record)


def _show(arguments: Namespace, visit: Visit) -> None:
    visit.output.show(visit.shop.call(operations.GET_ITEM, {"item_id": arguments.id}), item_record)


def _reprice(arguments: Namespace, visit: Visit) -> None:
    fields = {"item_id": arguments.id, "price_cents": arguments.price}
    visit.output.show(visit.shop.call(operations.UPDATE_ITEM, fields), item_record)


def _restock(arguments: Namespace, visit: Visit) -> None:
    fields = {"item_id": arguments.id, **arguments.change}
    visit.output.show(visit.shop.call(operations.UPDATE_ITEM, fields), item_record)


def _list(arguments: Namespace, visit: Visit) -> None:
    show_pages(visit, arguments, operations.LIST_OWN_ITEMS, ITEMS)


def item_record(item: Answer) -> Iterator[Block]:
    yield Record(
        {
            "Item": item["item_id"],
            "Name": item["name"],
            "Category": item["category"],
            "Keywords": " ".join(item["keywords"]),
            "Condition": item["condition"],
            "Price": money(item["price_cents"], item["currency"]),
            "In stock": item["quantity"],
            "Seller": item["seller_id"],
            "Registered": item["created_at"],
        }
    )


def _item_row(item: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        item["item_id"],
        item["name"],
        item["category"],
        " ".join(item["keywords"]),
        item["condition"],
        money(item["price_cents"], item["currency"]),
        item["quantity"],
    )


ITEMS: Final = Layout(
    field="items",
    columns=("Item", "Name", "Category", "Keywords", "Condition", "Price", "In stock"),
    row=_item_row,
    numeric=frozenset({"Category", "Price", "In stock"}),
)
