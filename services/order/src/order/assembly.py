"""Puts the order service together on its two needs, a database and a catalog, wherever these come from."""

from chassis.service import Running
from order.carts import Carts
from order.catalog import Catalog
from order.checkout import Checkout
from order.history import History
from order.recovery import Recovery
from order.repository import Repository
from order.servicer import OrderServicer
from order.settlement import Settlement


def assemble(running: Running, repository: Repository, catalog: Catalog) -> OrderServicer:
    """The servicer, with settlement and recovery at work in the background until `running` ends."""
    settlement = Settlement(catalog)
    checkout = Checkout(repository, catalog, settlement)
    running.push_async_callback(settlement.settle)
    running.in_background(settlement.run())
    running.in_background(Recovery(repository, catalog, checkout).run())
    return OrderServicer(checkout, History(repository), Carts(repository, catalog))
