"""Puts the order service together on its two needs, a database and a catalog, wherever these come from."""

from chassis.service import Running
from order.carts import Carts
from order.catalog import Catalog
from order.checkout import Checkout
from order.history import History
from order.names import Names
from order.recovery import CLEAN_EVERY_S, FINISH_EVERY_S, Recovery
from order.repository import Repository
from order.servicer import OrderServicer
from order.settlement import SETTLE_EVERY_S, Settlement


def assemble(running: Running, repository: Repository, catalog: Catalog) -> OrderServicer:
    """The servicer, with settlement and recovery at work in the background until `running` ends."""
    settlement = Settlement(catalog)
    checkout = Checkout(repository, catalog, settlement)
    running.push_async_callback(settlement.settle)
    recovery = Recovery(catalog, checkout)
    running.repeat("settlement", settlement.settle, every_s=SETTLE_EVERY_S)
    running.repeat("recovery", recovery.finish_open_orders, every_s=FINISH_EVERY_S)
    running.repeat("clean_carts", repository.delete_idle_carts, every_s=CLEAN_EVERY_S)
    return OrderServicer(checkout, History(repository, Names(catalog)), Carts(repository, catalog))
