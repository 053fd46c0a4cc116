"""What the use cases that write delete, over real PostgreSQL and Valkey."""

from uuid import uuid4

import pytest

from catalog.changes import ItemChange
from catalog.domain import Condition, NewItem
from catalog.errors import ItemNotFound, NotItemOwner
from catalog.items import Items
from catalog.ledger import Ledger
from catalog.listing import Listing
from catalog.repository import Repository
from catalog.reservations import Reservations
from catalog.stock import Rejection, Reservation, StockRequest
from chassis.invalidation import LEASE_PREFIX
from chassis.postgres import Database
from gateway.cache.reads import PREFIXES
from review.domain import NewFeedback, Vote
from review.errors import FeedbackGiven
from review.feedback import Feedback
from review.repository import Repository as ReviewRepository

pytestmark = pytest.mark.usefixtures("unhurried")

KEYS = [
    *("item:1000", "item:1001", "item:1002"),
    *("scope:1", "scope:2", "scope:all", "scope:seller:seller", "scope:seller:other"),
    *("rating:seller", "rating:other"),
]


class Copies:
    """A copy and a lease under each key. `deleted` says whose are gone, and puts them back."""

    def __init__(self, redis) -> None:
        self._redis = redis

    async def make(self) -> None:
        await self._redis.mset({name: b"copy" for key in KEYS for name in (key, LEASE_PREFIX + key)})

    async def deleted(self) -> set[str]:
        gone = {key for key in KEYS if not await self._redis.exists(key)}
        assert gone == {key for key in KEYS if not await self._redis.exists(LEASE_PREFIX + key)}
        await self.make()
        return gone


@pytest.fixture
async def copies(invalidation):
    copies = Copies(invalidation._redis)
    await copies.make()
    return copies


@pytest.fixture
async def database(open_database) -> Database:
    return await open_database("catalog")


@pytest.fixture
def repository(database) -> Repository:
    return Repository(database)


@pytest.fixture
def items(repository, invalidation) -> Items:
    return Items(repository, Listing(repository), invalidation)


def new_item(category=1, request_id=None) -> NewItem:
    return NewItem(
        seller_id="seller",
        request_id=request_id or str(uuid4()),
        name="Lamp",
        category=category,
        keywords=("red",),
        condition=Condition.NEW,
        price_cents=100,
        currency="USD",
        quantity=10,
    )


def change_of(item_id, seller_id="seller", request_id=None, price_cents=200) -> ItemChange:
    return ItemChange(item_id, seller_id, request_id or str(uuid4()), price_cents=price_cents)


@pytest.fixture
async def registered(items, copies) -> str:
    (item,) = await items.register([new_item()])
    await copies.make()
    return str(item.item_id)


def test_gateways_are_told_of_every_kind_of_key_that_writers_delete():
    assert {key.partition(":")[0] + ":" for key in KEYS} == set(PREFIXES)


async def test_a_registration_deletes_the_listings_that_may_show_the_item(items, copies):
    for _ in range(2):  # the second time it is a replay, whose first attempt may have died before it deleted anything
        await items.register([new_item(2, "same")])
        assert await copies.deleted() == {"scope:2", "scope:all", "scope:seller:seller"}


async def test_an_update_and_its_replay_delete_the_item(items, copies, registered):
    for _ in range(2):
        await items.update(change_of(registered, request_id="same"))
        assert await copies.deleted() == {f"item:{registered}"}


async def test_a_refused_update_deletes_nothing(items, copies, registered):
    with pytest.raises(NotItemOwner):
        await items.update(change_of(registered, "somebody"))
    with pytest.raises(ItemNotFound):
        await items.update(change_of("404"))
    assert await copies.deleted() == set()


async def test_a_reservation_and_its_replay_delete_what_was_bought(items, database, invalidation, copies):
    bought = [item.item_id for item in await items.register([new_item() for _ in range(3)])][:2]
    await copies.make()
    reservations = Reservations(Ledger(database), invalidation)
    request = StockRequest(uuid4(), dict.fromkeys(bought, 1), b"")
    for _ in range(2):
        (outcome,) = await reservations.reserve([request])
        assert isinstance(outcome, Reservation)
        assert await copies.deleted() == {f"item:{item_id}" for item_id in bought}
    # Who made it may have died between its commit and the deletion: whoever finishes the order deletes again.
    await reservations.list_open(0, 10)
    assert await copies.deleted() == {f"item:{item_id}" for item_id in bought}
    (outcome,) = await reservations.reserve([StockRequest(uuid4(), {bought[0]: 1_000}, b"")])
    assert isinstance(outcome, Rejection)
    assert await copies.deleted() == set()


class Purchases:
    async def seller_of_purchase(self, _buyer_id, _item_id):
        return "seller"


async def test_feedback_and_its_replay_delete_the_sellers_rating(open_database, invalidation, copies):
    feedback = Feedback(ReviewRepository(await open_database("review")), Purchases(), invalidation)
    for _ in range(2):
        await feedback.leave(NewFeedback("request", "buyer", "1", Vote.UP))
        assert await copies.deleted() == {"rating:seller"}
    with pytest.raises(FeedbackGiven):
        await feedback.leave(NewFeedback("other", "buyer", "1", Vote.UP))
    assert await copies.deleted() == set()
