"""Lists that come in pages: which pages to fetch, showing their rows as they arrive, and saying when there is more."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.arguments import count
from cli.errors import NotTheShop, contract_expected
from cli.operations import Operation
from cli.presentation import Table
from cli.transport import Answer, Transport
from cli.visit import Visit

LARGEST_PAGE: Final = 500

Row = Callable[[Mapping[str, Any]], Sequence[object]]


@dataclass(frozen=True)
class Layout:
    """The table of a list: the answer's field that holds it, its columns, and how one element fills them."""

    field: str
    columns: Sequence[str]
    row: Row
    numeric: frozenset[str]

    def table(self, elements: Iterator[Mapping[str, Any]]) -> Table:
        return Table(self.columns, map(self.row, elements), self.numeric)


def add_paging(parser: ArgumentParser) -> None:
    parser.add_argument("--page-size", type=count, metavar="N", help=f"rows in a page, at most {LARGEST_PAGE}")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="every page, not only the first")
    which.add_argument("--page-token", metavar="TOKEN", help="the page that an earlier answer announced")


def is_paging(arguments: Namespace) -> bool:
    return bool(arguments.page_size or arguments.all or arguments.page_token)


def show_pages(visit: Visit, arguments: Namespace, operation: Operation, layout: Layout, **filters: object) -> None:
    page_size = arguments.page_size or (LARGEST_PAGE if arguments.all else None)
    fields = {**filters, "page_size": page_size, "page_token": arguments.page_token}
    pages = Pages(visit.shop, operation, fields, everything=arguments.all)
    if visit.output.as_json:
        visit.output.document(pages.merged(layout.field))
        return
    visit.output.show(pages, lambda pages: iter([layout.table(pages.elements(layout.field))]))
    if pages.next_token:
        visit.output.hint(f"There is more: --page-token {pages.next_token} for the next page, --all for every page.")


class Pages:
    """One page or all of them, each fetched when the one before has been read."""

    def __init__(
        self, shop: Transport, operation: Operation, fields: Mapping[str, object], *, everything: bool
    ) -> None:
        self._shop = shop
        self._operation = operation
        self._fields = fields
        self._everything = everything
        self.next_token: str | None = None

    def __iter__(self) -> Iterator[Answer]:
        fields = self._fields
        while True:
            page = self._shop.call(self._operation, fields)
            with contract_expected():
                self.next_token = page.get("next_page_token")
            yield page
            if not (self._everything and self.next_token):
                return
            if self.next_token == fields["page_token"]:
                raise NotTheShop("the shop announces the same page again and again")
            fields = {**fields, "page_token": self.next_token}

    def elements(self, field: str) -> Iterator[Mapping[str, Any]]:
        for page in self:
            with contract_expected():
                elements = iter(page[field])
            yield from elements

    def merged(self, field: str) -> Answer:
        """One document as if it had been one page."""
        elements: list[Answer] = []
        last: dict[str, Answer] = {}
        for last in self:
            with contract_expected():
                elements.extend(last[field])
        return {**last, field: elements}
