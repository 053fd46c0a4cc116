"""The services put together in one process: each one's servicer over its own database."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from account.assembly import assemble as assemble_account
from account.repository import Repository as AccountRepository
from account.servicer import AccountServicer
from account.sessions import SWEEP_EVERY_S, Sessions
from account.token_buckets import LocalBuckets
from catalog.items import Items
from catalog.ledger import Ledger
from catalog.listing import Listing
from catalog.repository import Repository as CatalogRepository
from catalog.reservations import Reservations
from catalog.search import Search
from catalog.servicer import CatalogServicer
from chassis.cache_state import CacheState
from chassis.invalidation import Invalidation
from chassis.occasionally import Occasionally
from chassis.postgres import Database
from chassis.queries import Queries
from chassis.service import Running
from monolith.neighbours import CatalogOfOrders, OrdersOfReviews
from monolith.session_memory import RememberedSessions
from monolith.settings import Settings
from order.assembly import assemble
from order.history import History
from order.names import Names
from order.repository import Repository as OrderRepository
from order.servicer import OrderServicer
from review.feedback import Feedback
from review.ratings import Ratings
from review.repository import Repository as ReviewRepository
from review.servicer import ReviewServicer

# Carts that nothing was heard of for two days are dropped.
_KEEP_CART_EVERY_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Shop:
    """`sessions` is what every frame is checked against."""

    sessions: Sessions
    account: AccountServicer
    catalog: CatalogServicer
    order: OrderServicer
    review: ReviewServicer
    carts_in_use: Occasionally[str]


class ShopBuilder:
    """Opens the databases and starts the background work on `running`, which ends both."""

    def __init__(self, settings: Settings, running: Running) -> None:
        self._settings = settings
        self._running = running

    async def build(self) -> Shop:
        account, sessions = assemble_account(
            AccountRepository(await self._open("account", self._settings.account_database_url)),
            LocalBuckets(),
            self._settings.attempt_limits,
            RememberedSessions,
        )
        self._running.repeat("sweep_sessions", sessions.sweep, every_s=SWEEP_EVERY_S)

        catalog_database = await self._open("catalog", self._settings.catalog_database_url)
        catalog_repository = CatalogRepository(catalog_database)
        listing = Listing(catalog_repository)
        # The gateways of a mesh beside it keep copies of the same rows.
        of_items = self._invalidation(catalog_database)
        items = Items(catalog_repository, listing, of_items)
        reservations = Reservations(Ledger(catalog_database), of_items)

        order_repository = OrderRepository(await self._open("order", self._settings.order_database_url))
        catalog_of_orders = CatalogOfOrders(items, reservations)
        history = History(order_repository, Names(catalog_of_orders))
        review_database = await self._open("review", self._settings.review_database_url)
        review_repository = ReviewRepository(review_database)
        of_ratings = self._invalidation(review_database)
        return Shop(
            sessions,
            account,
            CatalogServicer(items, Search(catalog_repository, listing), reservations),
            assemble(self._running, order_repository, catalog_of_orders),
            ReviewServicer(
                Feedback(review_repository, OrdersOfReviews(history), of_ratings), Ratings(review_repository)
            ),
            Occasionally(lambda session_id: order_repository.keep_cart(UUID(session_id)), every_s=_KEEP_CART_EVERY_S),
        )

    def _invalidation(self, database: Database) -> Invalidation:
        settings = self._settings
        return self._running.open_invalidation(settings.process, settings.redis_url, CacheState(database))

    async def _open(self, package: str, dsn: str) -> Database:
        process = self._settings.process
        database = Database(
            dsn,
            Queries.of_package(package),
            pool_size=self._settings.pool_size,
            application_name=f"{process.instance_name}/{package}",
        )
        await database.open()
        self._running.push_async_callback(database.close)
        return database
