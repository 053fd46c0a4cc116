"""Stock reserved for orders: once, whole or not at all, at the prices of that moment."""

from uuid import uuid4

import grpc
import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.errors import Refusal
from chassis.status import code_of


def refusal(reason, item_id="", memo=b""):
    return pb.StockResult(refusal=pb.Refusal(reason=reason, item_id=item_id, memo=memo))


async def invalid_field(call):
    """The field that a refused call names."""
    with pytest.raises(Refusal) as refused:
        await call
    assert (code_of(refused.value), refused.value.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    return refused.value.metadata["field"]


async def test_a_reservation_takes_stock_and_fixes_the_price(replica):
    order_id = str(uuid4())
    lamp, chair = (
        await replica.register(price_cents=250),
        await replica.register(seller_id="seller-2", quantity=3, name="Chair"),
    )
    result = await replica.reserve({chair.item_id: 3, lamp.item_id: 4}, order_id, b"memo")
    reservation = result.reservation
    assert (reservation.order_id, reservation.currency, reservation.memo) == (order_id, "USD", b"memo")
    assert list(reservation.lines) == [
        pb.ReservedLine(item_id=lamp.item_id, quantity=4, price_cents=250, seller_id="seller-1", name="Red lamp"),
        pb.ReservedLine(item_id=chair.item_id, quantity=3, price_cents=1250, seller_id="seller-2", name="Chair"),
    ]
    after = await replica.get(lamp.item_id, chair.item_id)
    assert (after[lamp.item_id].quantity, after[chair.item_id].quantity) == (6, 0)
    assert after[lamp.item_id].version > lamp.version


async def test_a_repeat_returns_the_first_reservation_even_after_the_price_changed(replica, other_replica):
    order_id = uuid4()
    item_id = (await replica.register(price_cents=250)).item_id
    first = await replica.reserve({item_id: 2}, order_id, b"first")
    await replica.update(item_id, price_cents=999)
    assert await replica.reserve({item_id: 2}, order_id, b"second") == first
    assert await other_replica.reserve({item_id: 5}, order_id) == first
    assert await other_replica.reserve({"1": 1}, order_id) == first
    assert await other_replica.reserve({}, order_id) == first
    assert (await replica.get(item_id))[item_id].quantity == 8


async def test_lines_of_one_item_count_together(replica):
    item_id = (await replica.register(quantity=5)).item_id
    assert await replica.reserve([(item_id, 3), (item_id, 3)]) == refusal(pb.REFUSAL_REASON_OUT_OF_STOCK, item_id)
    result = await replica.reserve([(item_id, 3), (item_id, 2)])
    assert [(line.item_id, line.quantity) for line in result.reservation.lines] == [(item_id, 5)]


async def test_an_order_is_refused_whole_and_takes_nothing(replica, connection):
    lamp = (await replica.register()).item_id
    euro = (await replica.register(currency="EUR")).item_id
    for lines, expected in [
        ({lamp: 11}, refusal(pb.REFUSAL_REASON_OUT_OF_STOCK, lamp)),
        ({"1": 1, lamp: 11}, refusal(pb.REFUSAL_REASON_OUT_OF_STOCK, lamp)),
        ({lamp: 1, "999999": 1}, refusal(pb.REFUSAL_REASON_ITEM_NOT_FOUND, "999999")),
        ({lamp: 1, "01": 1}, refusal(pb.REFUSAL_REASON_ITEM_NOT_FOUND, "01")),
        ({"1": 1, "-1": 1, "": 1}, refusal(pb.REFUSAL_REASON_ITEM_NOT_FOUND, "-1")),
        ({lamp: 1, euro: 1}, refusal(pb.REFUSAL_REASON_MIXED_CURRENCIES, euro)),
        ({}, refusal(pb.REFUSAL_REASON_NO_LINES)),
    ]:
        assert await replica.reserve(lines) == expected
    assert (await replica.get(lamp))[lamp].quantity == 10
    assert (await replica.get("1"))["1"].quantity == 1000
    assert await connection.fetchval("SELECT count(*) FROM stock_reservations WHERE rejection IS NULL") == 0
    assert await connection.fetchval("SELECT count(*) FROM stock_reservation_lines") == 0
    assert await replica.list_open() == []


async def test_a_rejection_is_final_whatever_is_asked_later(replica, other_replica):
    item_id, euro = (await replica.register(quantity=1)).item_id, (await replica.register(currency="EUR")).item_id
    claim = uuid4()
    assert (await replica.reserve({item_id: 1}, claim=claim)).HasField("reservation")
    for lines, claimed, reason in [
        ({item_id: 1}, "", pb.REFUSAL_REASON_OUT_OF_STOCK),
        ({"999999": 1}, "", pb.REFUSAL_REASON_ITEM_NOT_FOUND),
        ({"\N{SNOWMAN}": 1}, "", pb.REFUSAL_REASON_ITEM_NOT_FOUND),
        ({"1": 1, euro: 1}, "", pb.REFUSAL_REASON_MIXED_CURRENCIES),
        ({}, "", pb.REFUSAL_REASON_NO_LINES),
        ({"1": 1}, claim, pb.REFUSAL_REASON_CLAIM_TAKEN),
    ]:
        order_id = uuid4()
        first = await replica.reserve(lines, order_id, b"first", claimed)
        assert (first.refusal.reason, first.refusal.memo) == (reason, b"first")
        await replica.update(item_id, quantity=5)
        assert await other_replica.reserve(lines, order_id, b"second") == first
        assert await replica.reserve({"1": 1}, order_id, b"third", uuid4()) == first
        assert await replica.reserve({}, order_id) == first
        await replica.update(item_id, quantity=0)
    assert (await replica.get("1"))["1"].quantity == 1000


async def test_orders_of_one_call_stand_alone_and_are_served_in_turn(replica, make_stock_request):
    item_id = (await replica.register(quantity=5)).item_id
    wanted = [3, 3, 2, 1]
    results = await replica.reserve_all(*(make_stock_request({item_id: units}) for units in wanted))
    assert [result.WhichOneof("outcome") for result in results] == ["reservation", "refusal", "reservation", "refusal"]


async def test_one_order_twice_in_a_call_is_one_reservation(replica, make_stock_request):
    item_id = (await replica.register(quantity=5)).item_id
    request = make_stock_request({item_id: 3})
    first, second = await replica.reserve_all(request, request)
    assert first == second
    assert (await replica.get(item_id))[item_id].quantity == 2


async def test_a_bad_request_names_its_field(replica, make_stock_request, subtests):
    for requests, field in [
        ([], "requests"),
        ([make_stock_request({"1": 1})] * 257, "requests"),
        ([make_stock_request({"1": 1}, "not a uuid")], "order_id"),
        ([make_stock_request({"1": 1}, claim="not a uuid")], "claim"),
        ([make_stock_request({"1": 0})], "quantity"),
        ([make_stock_request({"1": -1})], "quantity"),
        ([make_stock_request([("1", 1_000_000), ("1", 1)])], "quantity"),
        ([make_stock_request({str(number): 1 for number in range(101)})], "lines"),
        ([make_stock_request({"1": 1}, memo=b"x" * 1025)], "memo"),
        ([make_stock_request({"\N{SNOWMAN}" * 22: 1})], "item_id"),
        ([make_stock_request({"\0": 1})], "item_id"),
    ]:
        with subtests.test(field=field):
            assert await invalid_field(replica.reserve_all(*requests)) == field


async def test_what_one_order_claimed_no_other_gets_in_the_same_call_or_later(
    replica, other_replica, make_stock_request
):
    claim, order_id = uuid4(), uuid4()
    refused = refusal(pb.REFUSAL_REASON_CLAIM_TAKEN)
    requests = (make_stock_request({"1": 1}, each, claim=claim) for each in (order_id, None, order_id))
    first, second, third = await replica.reserve_all(*requests)
    assert (first, second) == (third, refused)
    assert await other_replica.reserve({"2": 1}, claim=claim) == refused
    assert await other_replica.reserve({}, claim=claim) == refused
    assert await other_replica.reserve({"2": 1}, order_id, claim=uuid4()) == first
    await replica.settle(str(order_id))
    assert await replica.reserve({"999999": 1}, claim=claim) == refused
    assert {item.quantity for item in (await replica.get("1", "2")).values()} == {999, 1000}


async def test_a_refused_order_claims_nothing(replica):
    claim = uuid4()
    assert (await replica.reserve({"1": 1001}, claim=claim)) == refusal(pb.REFUSAL_REASON_OUT_OF_STOCK, "1")
    assert (await replica.reserve({"1": 1}, claim=claim)).HasField("reservation")


async def test_a_call_of_the_greatest_size_is_served(replica, make_stock_request):
    requests = (make_stock_request({"1": 1, "2": 2}, memo=b"x" * 1024, claim=uuid4()) for _ in range(256))
    results = await replica.reserve_all(*requests)
    assert all(result.HasField("reservation") for result in results)
    assert (await replica.get("1", "2"))["2"].quantity == 1000 - 512


async def test_reservations_are_open_until_they_are_settled_oldest_first(replica):
    made = [(await replica.reserve({"1": 1, "2": 1}, memo=bytes([number]))).reservation for number in range(4)]
    assert await replica.list_open() == made
    assert await replica.list_open(page_size=2) == made[:2]
    await replica.settle(made[0].order_id, made[2].order_id, str(uuid4()))
    assert await replica.list_open() == [made[1], made[3]]
    await replica.settle(*(reservation.order_id for reservation in made))
    assert await replica.list_open() == []


async def test_a_settled_reservation_is_still_returned_to_a_repeat(replica):
    first = await replica.reserve({"1": 1})
    await replica.settle(first.reservation.order_id)
    assert await replica.reserve({"1": 1}, first.reservation.order_id) == first


async def test_only_reservations_of_the_asked_age_are_listed(replica, connection):
    old, young = (await replica.reserve({"1": 1})).reservation, (await replica.reserve({"1": 1})).reservation
    await connection.execute(
        "UPDATE stock_reservations SET created_at = created_at - interval '10 s' WHERE order_id = $1", old.order_id
    )
    assert [reservation.order_id for reservation in await replica.list_open(min_age_ms=9_000)] == [old.order_id]
    assert [reservation.order_id for reservation in await replica.list_open()] == [old.order_id, young.order_id]
    assert await replica.list_open(min_age_ms=3_600_000) == []


async def test_listing_and_settling_refuse_what_is_out_of_bounds(replica):
    assert await invalid_field(replica.list_open(page_size=0)) == "page_size"
    assert await invalid_field(replica.list_open(page_size=1001)) == "page_size"
    assert await invalid_field(replica.list_open(min_age_ms=-1)) == "min_age_ms"
    assert await invalid_field(replica.list_open(min_age_ms=2**63 - 1)) == "min_age_ms"
    assert await invalid_field(replica.settle("not a uuid")) == "order_ids"
    assert await invalid_field(replica.settle(*(str(uuid4()) for _ in range(1001)))) == "order_ids"
