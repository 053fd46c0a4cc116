"""Looking for things to buy: `search` and `find`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from cli import operations
from cli.arguments import Commands, whole_number
from cli.commands.items import ITEMS
from cli.pages import add_paging, is_paging, show_pages
from cli.presentation import Block, Table
from cli.transport import Answer
from cli.visit import Visit


def add_commands(commands: Commands) -> None:
    _add_filters(commands.add("search", _search, "search the shop; by topic alone, its bookstore"))
    _add_filters(commands.add("find", _find, "search the marketplace"))


def _add_filters(parser: ArgumentParser) -> None:
    parser.add_argument("--topic", help='such as "distributed systems"')
    parser.add_argument("--category", type=whole_number, metavar="N", help="0 to 999")
    parser.add_argument(
        "--keyword",
        dest="keywords",
        action="extend",
        nargs="+",
        metavar="WORD",
        help="those that match more come first",
    )
    parser.add_argument("--q", metavar="TEXT", help="words of the name")
    add_paging(parser)


def _search(arguments: Namespace, visit: Visit) -> None:
    only_topic = arguments.category is None and not arguments.keywords and not arguments.q and not is_paging(arguments)
    if arguments.topic and only_topic:
        visit.output.show(visit.shop.call(operations.FIND_BOOKS, {"topic": arguments.topic}), _book_titles)
    else:
        _find(arguments, visit)


def _find(arguments: Namespace, visit: Visit) -> None:
    show_pages(
        visit,
        arguments,
        operations.SEARCH_ITEMS,
        ITEMS,
        topic=arguments.topic,
        category=arguments.category,
        keyword=arguments.keywords,
        q=arguments.q,
    )


def _book_titles(books: Answer) -> Iterator[Block]:
    yield Table(("Id", "Title"), [(book["id"], book["title"]) for book in books], numeric=frozenset({"Id"}))
