"""Loads the sample sellers: `python -m account.sample --sellers 200`, with DATABASE_URL.

Each seller has the same id and username wherever and however often this runs. The ids are printed, one a line.
"""

import argparse
import asyncio
import sys
from itertools import islice
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from account.repository import Repository
from chassis.errors import Refusal
from chassis.postgres import Database
from chassis.queries import Queries
from chassis.settings import Environment, read_or_exit

_BATCH: Final = 1000


def sample_sellers(count: int) -> dict[UUID, str]:
    """Usernames by account id."""
    usernames = [f"sample-seller-{number:03}" for number in range(1, count + 1)]
    return {uuid5(NAMESPACE_URL, f"agora:account:{username}"): username for username in usernames}


async def load(database_url: str, sellers: dict[UUID, str]) -> None:
    database = Database(database_url, Queries.of_package("account"), pool_size=1, application_name="account-sample")
    await database.open()
    try:
        repository = Repository(database)
        remaining = iter(sellers.items())
        done = 0
        while batch := dict(islice(remaining, _BATCH)):
            await repository.insert_sample_accounts(batch)
            done += len(batch)
            print(f"progress {done} {len(sellers)}", file=sys.stderr, flush=True)
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m account.sample", description="Load the sample sellers.")
    parser.add_argument("--sellers", type=int, required=True, help="how many")
    sellers = sample_sellers(parser.parse_args().sellers)
    try:
        asyncio.run(load(read_or_exit(_database_url), sellers))
    except Refusal as refusal:
        sys.exit(f"account.sample: {refusal}")
    print("\n".join(map(str, sellers)))


def _database_url(environment: Environment) -> str:
    return environment.url("DATABASE_URL", "postgresql", "postgres")


if __name__ == "__main__":
    main()
