"""Loads the sample marketplace: `python -m catalog.sample --items 10000 < seller_ids`.

The same number always makes the same items. Progress goes to stderr as lines `progress DONE TOTAL`. An interrupted
load goes on where it stopped; a greater number later adds the difference.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from chassis.queries import Queries
from chassis.settings import Environment, read_or_exit

_CHUNK: Final = 10_000
_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
_ADJECTIVES: Final = """
    amber azure bold brisk bronze calm classic clever coral cosy crimson crisp deep dusty early fancy fine
    gentle golden grand green happy ivory jolly large light little lively lunar mellow modern neat noble olive
    pearl plain proud quiet rapid red royal rustic scarlet silver simple slim smart solar solid steady sturdy
    sunny swift tidy tiny vivid warm white wild wise
"""
_NOUNS: Final = """
    anchor atlas bag basket beacon bell bench bicycle blanket book bottle bowl box brush bucket camera candle
    canoe chair chess clock cloak coat compass cup desk drum easel fan fiddle flute frame globe glove guitar
    hammer harp hat jacket jar kettle kite ladder lamp lantern lens loom map mirror mug needle notebook oar
    organ paddle pen piano plate poster puzzle quilt radio ring robot rope rug saddle scarf shelf shoe sled
    spade stamp stool table teapot tent tool torch towel toy tray vase violin wagon watch wheel whistle
"""
_KEYWORDS: Final = tuple(sorted({word for word in (_ADJECTIVES + _NOUNS).split() if len(word) <= 8}))
_COLUMNS: Final = (
    "seller_id", "request_id", "name", "category", "keywords", "search_keywords", "condition",
    "price_cents", "currency", "quantity", "created_at",
)  # fmt: skip


def sample_items(seller_ids: list[str], start: int, stop: int) -> Iterator[tuple[object, ...]]:
    """Rows of the items numbered `start` to `stop`, in the order of `_COLUMNS`."""
    adjectives, nouns = _ADJECTIVES.split(), _NOUNS.split()
    for number in range(start, stop):
        dice = random.Random(number)  # noqa: S311 - sample data, and each number its own
        adjective, noun = dice.choice(adjectives), dice.choice(nouns)
        keywords = sorted({word for word in (adjective, noun, *dice.sample(_KEYWORDS, 2)) if len(word) <= 8})
        yield (
            seller_ids[number % len(seller_ids)],
            f"sample-{number}",
            f"{adjective.capitalize()} {noun} {number}",
            dice.randrange(1000),
            keywords,
            keywords,
            dice.choice(("new", "used")),
            dice.randrange(100, 50_000),
            "USD",
            dice.randrange(1, 1000),
            _EPOCH + timedelta(seconds=number),
        )


async def load(dsn: str, seller_ids: list[str], total: int) -> None:
    """Bring the database to `total` sample items, a chunk a transaction."""
    queries = Queries.of_package("catalog")
    connection = await asyncpg.connect(dsn)
    try:
        done = 0
        while done < total:
            async with connection.transaction():
                done = await connection.fetchval(queries["sample_load"])
                stop = min(done + _CHUNK, total)
                if done < stop:
                    rows = sample_items(seller_ids, done, stop)
                    await connection.copy_records_to_table("items", records=rows, columns=_COLUMNS)
                    await connection.execute(queries["record_sample_load"], stop)
                done = max(done, stop)
            print(f"progress {min(done, total)} {total}", file=sys.stderr, flush=True)
        # The first searches shall be planned for what is there, and find no keywords and names that still wait to be
        # sorted into their indexes.
        await connection.execute("VACUUM (ANALYZE) items")
    finally:
        await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m catalog.sample", description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    arguments = parser.parse_args()
    seller_ids = sys.stdin.read().split()
    if arguments.items and not seller_ids:
        parser.error("no seller ids on standard input")
    try:
        asyncio.run(load(read_or_exit(_database_url), seller_ids, arguments.items))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.exit(f"catalog.sample: {error}")


def _database_url(environment: Environment) -> str:
    return environment.url("DATABASE_URL", "postgresql", "postgres")


if __name__ == "__main__":
    main()
