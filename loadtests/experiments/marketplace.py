"""S1 and S2: the four operations of a marketplace, over a raw socket and over the mesh, by 1, 10 and 100 clients."""

import asyncio
from typing import Final

from loadtests.driver.load import Load, Transport
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.marketplace_scripts import (
    DISPLAY,
    ITEMS_A_SELLER,
    MIXED,
    OPERATIONS,
    REGISTER,
    Market,
    sellers_items,
)
from loadtests.experiments.mesh import Mesh, MeshWish
from loadtests.experiments.results import Cell, Table
from loadtests.experiments.shop import ShopKeeper
from loadtests.report import seeds

NAME: Final = "marketplace"
CLIENTS: Final = (1, 10, 100)
TRANSPORTS: Final[tuple[Transport, ...]] = ("rest", "socket")
FEW_ITEMS: Final = 70
MANY_ITEMS: Final = 7000
_CACHE: Final = "tiered"
# Of the throughput of ten clients that wait: enough to queue now and then, not enough to queue for ever.
_OPEN_LOAD: Final = 0.5
_SET_UP_S: Final = 8.0


def expected_s(extent: Extent) -> float:
    table = sum(extent.expected_s(clients) for clients in CLIENTS) * len(TRANSPORTS) * (len(OPERATIONS) + 1)
    open_loop = extent.expected_s(CLIENTS[-1]) * len(TRANSPORTS) * len(OPERATIONS)
    return MESH_S + _SET_UP_S + table + open_loop + _SET_UP_S + 2 * extent.expected_s(1)


def run(lab: Lab) -> None:
    mesh = lab.mesh(MeshWish(_CACHE))
    with lab.doing("marketplace: accounts, log-ins and items", _SET_UP_S):
        market = asyncio.run(_open_market(mesh.gateway))
    for operation in (*OPERATIONS, MIXED):
        for clients in CLIENTS:
            for transport in TRANSPORTS:
                _measure(lab, mesh, market, Cell(NAME, transport, _CACHE, operation, clients))
    lab.results.tables.append(_ratios(lab))
    _open_loop(lab, mesh, market)
    _long_lists(lab, mesh)


async def _open_market(gateway: str) -> Market:
    async with ShopKeeper(gateway) as keeper:
        sellers = await keeper.parties("seller", max(CLIENTS))
        buyers = await keeper.parties("buyer", max(CLIENTS))
        for number, seller in enumerate(sellers):
            await keeper.register(seller, sellers_items(number, ITEMS_A_SELLER))
    return Market(buyers, sellers)


def _ratios(lab: Lab) -> Table:
    """The finding of S2, turned round: what is left of a raw socket's throughput when the layers stand between."""
    throughput = {
        (run.operation, run.clients, run.transport): run.throughput_per_s
        for run in lab.results.runs
        if run.experiment == NAME
    }
    rows = [
        (
            operation,
            *(
                round(throughput[operation, clients, "rest"] / throughput[operation, clients, "socket"], 2)
                for clients in CLIENTS
            ),
            seeds.LAYERS_KEEP.get(operation, ""),
        )
        for operation in (*OPERATIONS, MIXED)
    ]
    columns = ("operation", *(f"{clients} clients" for clients in CLIENTS), "the seeds at 10")
    return Table("Throughput of the mesh over that of the raw socket", columns, rows)


def _open_loop(lab: Lab, mesh: Mesh, market: Market) -> None:
    """Requests that arrive whether or not the last was answered, so that queueing is not hidden."""
    closed = {
        (run.operation, run.transport): run.throughput_per_s
        for run in lab.results.runs
        if run.experiment == NAME and run.clients == CLIENTS[1]
    }
    for operation in OPERATIONS:
        for transport in TRANSPORTS:
            rate = max(1.0, round(closed[operation, transport] * _OPEN_LOAD))
            cell = Cell(f"{NAME}-open-loop", transport, _CACHE, operation, CLIENTS[-1])
            _measure(lab, mesh, market, cell, rate)


def _measure(lab: Lab, mesh: Mesh, market: Market, cell: Cell, arrivals_per_s: float | None = None) -> None:
    # A session ends half an hour after its last request, and at full length the cells of others take longer.
    lab.drive(Load(mesh.address("rest"), market.visits(), 1, _SET_UP_S))
    lab.measure(cell, mesh, market.scripts(cell.operation, cell.transport, cell.clients), arrivals_per_s)


def _long_lists(lab: Lab, mesh: Mesh) -> None:
    """S1 saw display_items_for_sale take 244 ms for a seller with 7000 items. Here a page is a page."""
    with lab.doing(f"marketplace: a seller with {MANY_ITEMS} items and one with {FEW_ITEMS}", _SET_UP_S):
        few, many = asyncio.run(_two_sellers(mesh.gateway))
        lab.drive(Load(mesh.address("socket"), many.scripts(REGISTER, "socket", 1) * 10, MANY_ITEMS // 10, 300.0))
    for items, market in ((FEW_ITEMS, few), (MANY_ITEMS, many)):
        cell = Cell(f"{NAME}-long-list", "rest", _CACHE, f"{DISPLAY} of {items}", 1)
        lab.measure(cell, mesh, market.scripts(DISPLAY, "rest", 1))
    few_run, many_run = lab.results.runs[-2:]
    ratio = round(many_run.latency_ms["mean"] / few_run.latency_ms["mean"], 2)
    lab.results.tables.append(
        Table(
            "The first page of a seller's items",
            ("items for sale", "mean ms", "S1, whole list, ms"),
            [
                (FEW_ITEMS, few_run.latency_ms["mean"], ""),
                (MANY_ITEMS, many_run.latency_ms["mean"], seeds.WHOLE_LIST_MS),
                ("ratio", ratio, ""),
            ],
        )
    )


async def _two_sellers(gateway: str) -> tuple[Market, Market]:
    """Both begin with so many items that their first pages are alike."""
    async with ShopKeeper(gateway) as keeper:
        few, many = await keeper.parties("seller", 2)
        for number, seller in enumerate((few, many)):
            await keeper.register(seller, sellers_items(number, FEW_ITEMS))
    return Market([few], [few]), Market([many], [many])
