"""Register, change, read and list items through gRPC."""

import asyncio

import grpc
import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.errors import Refusal
from chassis.status import code_of

FOREIGN_IDS = ["", "01", "-1", "1e3", "1.0", " 1", "0x1", "٣", "a\0b", "9" * 400, str(2**63), "999999999"]


async def refused(call):
    """The code, reason and metadata of a refused call."""
    with pytest.raises(Refusal) as caught:
        await call
    return code_of(caught.value), caught.value.reason, caught.value.metadata


async def test_an_item_is_registered_as_it_was_described(replica):
    item = await replica.register(
        name="Ärmel 🧥", category=999, keywords=["Red", "red"], condition=pb.CONDITION_USED, currency="EUR", quantity=7
    )
    assert await replica.get(item.item_id) == {item.item_id: item}
    assert (item.name, item.category, list(item.keywords)) == ("Ärmel 🧥", 999, ["Red", "red"])
    assert (item.condition, item.price_cents, item.currency) == (pb.CONDITION_USED, 1250, "EUR")
    assert (item.quantity, item.seller_id, item.topic, item.version) == (7, "seller-1", "", 1)
    assert item.create_time.seconds > 1_700_000_000


async def test_prices_are_in_dollars_unless_said_otherwise(replica):
    assert (await replica.register()).currency == "USD"


async def test_a_repeated_request_returns_the_item_it_made(replica):
    first = await replica.register(request_id="r")
    assert await replica.register(request_id="r") == first
    assert list((await replica.list_of_seller("seller-1")).items) == [first]


async def test_register_rejects_another_item_under_the_same_request_id(replica, subtests):
    first = await replica.register(request_id="r")
    for changed in ({"name": "Chair"}, {"quantity": 11}, {"keywords": ["lamp", "red"]}, {"currency": "EUR"}):
        with subtests.test(changed=changed):
            code, reason, _ = await refused(replica.register(request_id="r", **changed))
            assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    assert list((await replica.list_of_seller("seller-1")).items) == [first]


async def test_register_accepts_a_replay_of_an_item_without_a_digest(replica, connection):
    first = await replica.register(request_id="r")
    await connection.execute("UPDATE items SET request_digest = NULL")
    assert await replica.register(request_id="r", name="Chair") == first


async def test_two_sellers_may_use_the_same_request_id(replica):
    mine = await replica.register(request_id="r")
    theirs = await replica.register(request_id="r", seller_id="seller-2")
    assert mine.item_id != theirs.item_id


async def test_the_same_request_sent_at_once_to_two_replicas_makes_one_item(replica, other_replica):
    calls = (sender.register(request_id="r") for _ in range(10) for sender in (replica, other_replica))
    assert len({item.item_id for item in await asyncio.gather(*calls)}) == 1


async def test_a_refused_item_names_its_field_and_is_not_stored(replica, subtests):
    for field, value in [
        ("name", "a\0"),
        ("category", 1000),
        ("keywords", ["123456789"]),
        ("condition", pb.CONDITION_UNSPECIFIED),
        ("condition", 77),
        ("price_cents", -1),
        ("currency", "dollar"),
        ("quantity", 1_000_001),
        ("request_id", ""),
    ]:
        with subtests.test(field=field, value=value):
            code, reason, metadata = await refused(replica.register(**{field: value}))
            assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)
    assert not (await replica.list_of_seller("seller-1")).items


async def test_the_owner_changes_price_and_quantity_alone_and_together(replica):
    item_id = (await replica.register()).item_id
    repriced = await replica.update(item_id, price_cents=99)
    assert (repriced.price_cents, repriced.quantity, repriced.version) == (99, 10, 2)
    restocked = await replica.update(item_id, quantity=0)
    assert (restocked.price_cents, restocked.quantity, restocked.version) == (99, 0, 3)
    both = await replica.update(item_id, price_cents=0, quantity=5)
    assert (both.price_cents, both.quantity, both.version) == (0, 5, 4)
    assert await replica.get(item_id) == {item_id: both}


async def test_nobody_changes_the_item_of_another_seller(replica):
    item = await replica.register()
    code, reason, _ = await refused(replica.update(item.item_id, "seller-2", price_cents=1))
    assert (code, reason) == (grpc.StatusCode.PERMISSION_DENIED, "NOT_ITEM_OWNER")
    assert await replica.get(item.item_id) == {item.item_id: item}


async def test_an_item_that_is_not_there_cannot_be_changed(replica, subtests):
    for item_id in FOREIGN_IDS:
        with subtests.test(item_id=item_id):
            code, reason, metadata = await refused(replica.update(item_id, price_cents=1))
            assert (code, reason) == (grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND")
            assert metadata == {"item_id": item_id}


async def test_a_refused_change_names_its_field_and_changes_nothing(replica):
    item = await replica.register()
    for field in ("price_cents", "quantity"):
        code, reason, metadata = await refused(replica.update(item.item_id, **{field: -1}))
        assert (code, reason, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", field)
    assert await replica.get(item.item_id) == {item.item_id: item}


async def test_items_that_are_not_there_are_left_out(replica):
    item = await replica.register()
    assert (await replica.get(*FOREIGN_IDS, item.item_id, item.item_id)).keys() == {item.item_id}
    assert await replica.get() == {}


async def test_a_thousand_items_are_read_at_once_and_not_one_more(replica):
    assert await replica.get(*map(str, range(10_000, 11_000))) == {}
    code, _, metadata = await refused(replica.get(*map(str, range(10_000, 11_001))))
    assert (code, metadata["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "item_ids")


async def test_a_seller_lists_their_own_items_in_the_order_of_registration(replica):
    mine = [await replica.register(name=f"Lamp {number}") for number in range(5)]
    await replica.register(seller_id="seller-2")
    first = await replica.list_of_seller("seller-1", page_size=3)
    second = await replica.list_of_seller("seller-1", page_size=3, page_token=first.next_page_token)
    assert [*first.items, *second.items] == mine
    assert (second.next_page_token, len(first.items)) == ("", 3)
    assert not (await replica.list_of_seller("nobody")).items


async def test_a_token_of_one_seller_is_refused_for_another(replica):
    for _ in range(2):
        await replica.register()
    token = (await replica.list_of_seller("seller-1", page_size=1)).next_page_token
    code, reason, _ = await refused(replica.list_of_seller("seller-2", page_size=1, page_token=token))
    assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_PAGE_TOKEN")
