"""Plans of the reading queries on 100,000 items, as PostgreSQL runs them once a connection has run them often.

After five executions PostgreSQL may plan a prepared statement without looking at its values. What is explained here is
the very statement that the repository prepared, in the session in which it ran, under the same settings.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from catalog import sample
from catalog.repository import Repository
from chassis.queries import Queries

ITEMS = 100_000
SELLERS = [f"seller-{number}" for number in range(200)]
QUERIES = Queries.of_package("catalog")
PAGE = 51
LAST = 1_000 + ITEMS
FIVE_WORDS = ["red", "lamp", "amber", "chess", "nobody"]
# A row of a page is on a page of its own at worst, and the way to it down an index is short.
PAGE_BUFFERS = 3 * PAGE

# Query, arguments, and the buffers it may touch. For keywords without a category and for words of names, every match
# is read, since the best match may be the last one; the bound is theirs, far below the 4,600 pages of the table.
CASES = {
    "items by id": ("get_items", [[1, 2, 5_000, LAST - 1]], 40),
    "a seller's first page": ("list_seller_items", [SELLERS[5], 0, PAGE], PAGE_BUFFERS),
    "a seller's later page": ("list_seller_items", [SELLERS[5], ITEMS // 2, PAGE], PAGE_BUFFERS),
    "a seller without items": ("list_seller_items", ["nobody", 0, PAGE], 10),
    "a category": ("search_category", [3, 0, PAGE], PAGE_BUFFERS),
    "a category's end": ("search_category", [3, LAST, PAGE], 10),
    "an unused category": ("search_category", [1_000, 0, PAGE], 10),
    "a topic": ("search_topic", ["graduate school", 0, PAGE], PAGE_BUFFERS),
    "an unused topic": ("search_topic", ["gardens", 0, PAGE], 10),
    "a category and a keyword": ("search_category_keywords", [3, ["red"], 100, 0, PAGE], PAGE_BUFFERS),
    "a category and keywords": ("search_category_keywords", [3, FIVE_WORDS, 100, 0, PAGE], PAGE_BUFFERS),
    "a category and keywords, later": ("search_category_keywords", [3, FIVE_WORDS, 1, LAST // 2, PAGE], PAGE_BUFFERS),
    "everything": ("search_filters", [None, None, 0, PAGE], PAGE_BUFFERS),
    "everything, at the end": ("search_filters", [None, None, LAST - 10, PAGE], PAGE_BUFFERS),
    "a topic and a category": ("search_filters", [0, "graduate school", 0, PAGE], PAGE_BUFFERS),
    "a rare word": ("search_text", [None, None, "77777", 0, PAGE], 20),
    "an unused word": ("search_text", [None, None, "nobody", 0, PAGE], 20),
    "two common words": ("search_text", [None, None, "red lamp", 0, PAGE], 60),
    "a common word": ("search_text", [None, None, "red", 0, PAGE], 2_000),
    "a category and a word": ("search_text", [3, None, "red", 0, PAGE], PAGE_BUFFERS),
    "a topic and a word": ("search_text", [None, "graduate school", "xen", 0, PAGE], 20),
    "an unused keyword": ("search_filters_keywords", [None, None, None, ["nobody"], 100, 0, PAGE], 20),
    "a keyword": ("search_filters_keywords", [None, None, None, ["red"], 100, 0, PAGE], 3_000),
    "keywords": ("search_filters_keywords", [None, None, None, FIVE_WORDS, 100, 0, PAGE], 5_000),
    "a keyword and two words": ("search_filters_keywords", [None, None, "red lamp", ["red"], 100, 0, PAGE], 60),
    "a category, keyword, word": ("search_filters_keywords", [3, None, "lamp", ["red"], 100, 0, PAGE], PAGE_BUFFERS),
}
PLANNED_FOR_VALUES = {"search_filters", "search_text", "search_filters_keywords"}


@pytest.fixture
async def explain(dsn, open_database):
    """Runs a query seven times through the repository, on one connection, and then explains it there."""
    await sample.load(dsn, SELLERS, ITEMS)
    database = await open_database("catalog", dsn, pool_size=1)
    repository = Repository(database)

    async def run(name: str, arguments: list[Any]) -> dict[str, Any]:
        for _ in range(7):
            await through_repository(repository, name, arguments)
        async with database.transaction() as transaction:
            connection = transaction._connection
            if name in PLANNED_FOR_VALUES:
                await connection.execute(QUERIES["plan_for_values"])
            prepared = await connection.fetchrow(
                "SELECT name, generic_plans FROM pg_prepared_statements WHERE statement = $1", QUERIES[name]
            )
            if name in PLANNED_FOR_VALUES:
                assert prepared["generic_plans"] == 0
            execute = f'EXECUTE "{prepared["name"]}" ({", ".join(map(literal, arguments))})'
            [row] = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {execute}")
        return json.loads(row[0])[0]["Plan"]

    return run


async def through_repository(repository: Repository, name: str, arguments: list[Any]) -> None:
    match name:
        case "search_category_keywords":
            category, keywords, matches, after, limit = arguments
            await repository.search_category_keywords(category, keywords, (matches, after), limit)
        case "search_filters_keywords":
            category, topic, text, keywords, matches, after, limit = arguments
            await repository.search_filters_keywords((category, topic, text), keywords, (matches, after), limit)
        case _:
            await getattr(repository, name)(*arguments)


def literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case int():
            return str(value)
        case list():
            return "'{" + ",".join(map(str, value)) + "}'"
        case _:
            return f"'{value}'"


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def test_every_query_goes_through_an_index_and_touches_little(explain, subtests):
    # One test, so that the items are loaded once.
    for case, (name, arguments, buffers) in CASES.items():
        with subtests.test(case):
            plan = await explain(name, arguments)
            told = json.dumps(plan, indent=1)
            scans = {node["Node Type"] for node in nodes(plan)}
            assert not [scan for scan in scans if "Seq Scan" in scan], told
            assert scans & {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}, told
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= buffers, told


def test_every_reading_query_of_items_is_explained_here():
    # Of the query itself, not of a look-up by key inside one.
    of_items = {name for name, sql in QUERIES.items() if re.search(r"^FROM items", sql, re.MULTILINE)}
    reading = {name for name in of_items if "LIMIT" in QUERIES[name]} | {"get_items"}
    assert {name for name, _, _ in CASES.values()} == reading
