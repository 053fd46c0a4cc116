"""Puts the catalog together on its database, wherever that comes from."""

from catalog.items import Items
from catalog.ledger import Ledger
from catalog.listing import Listing
from catalog.repository import Repository
from catalog.reservations import Reservations
from catalog.search import Search
from catalog.servicer import CatalogServicer
from chassis.invalidation import Invalidation
from chassis.postgres import Database


def assemble(database: Database, invalidation: Invalidation) -> CatalogServicer:
    repository = Repository(database)
    listing = Listing(repository)
    items = Items(repository, listing, invalidation)
    return CatalogServicer(items, Search(repository, listing), Reservations(Ledger(database), invalidation))
