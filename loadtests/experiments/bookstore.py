"""S3: search, look up and buy books, with the cache and without, and how long each tier takes."""

import asyncio
from typing import Final

from loadtests.driver.load import Script, Step
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import Mesh, MeshWish
from loadtests.experiments.requests import http_get, http_post
from loadtests.experiments.results import Cell
from loadtests.experiments.shop import BOOKS, ShopKeeper

NAME: Final = "bookstore"
CLIENTS: Final = (1, 5, 10)
CACHES: Final = ("tiered", "off")
OPERATIONS: Final = ("search", "lookup", "buy")
_TOPICS: Final = ("distributed%20systems", "graduate%20school")
# More than all buyers together can buy.
_STOCK: Final = 1_000_000


def expected_s(extent: Extent) -> float:
    return len(CACHES) * (MESH_S + len(OPERATIONS) * sum(map(extent.expected_s, CLIENTS)))


def run(lab: Lab) -> None:
    for cache in CACHES:
        mesh = lab.mesh(MeshWish(cache))
        asyncio.run(_stock(mesh))
        for operation in OPERATIONS:
            for clients in CLIENTS:
                scripts = tuple(_script(operation, number) for number in range(clients))
                lab.measure(Cell(NAME, "rest", cache, operation, clients), mesh, scripts)


async def _stock(mesh: Mesh) -> None:
    async with ShopKeeper(mesh.gateway) as keeper:
        await keeper.stock_books(mesh.operator_token, _STOCK)


def _script(operation: str, number: int) -> Script:
    """Every book or topic in turn, and no two clients in the same order."""
    books = BOOKS[number % len(BOOKS) :] + BOOKS[: number % len(BOOKS)]
    match operation:
        case "search":
            return tuple(Step(http_get(f"/books?topic={topic}"), b'"title"') for topic in _TOPICS)
        case "lookup":
            return tuple(Step(http_get(f"/books/{book}"), b'"count"') for book in books)
        case _:
            return tuple(Step(http_post(f"/books/{book}"), b'"Success"') for book in books)
