"""Items that are registered in batches: each on its own, all in one transaction, and those of a seller one by one."""

import asyncio

import pytest

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.errors import Refusal
from chassis.grpc_client import call
from chassis.queries import Queries

INSERT = Queries.of_package("catalog")["insert_item"]


@pytest.fixture
def described(new_request):
    """`described("seller", ...)`: requests of one batch, each with the id it is given."""

    def describe(*sellers_and_ids):
        return [new_request(seller_id=seller, request_id=request_id) for seller, request_id in sellers_and_ids]

    return describe


async def register_all(replica, requests):
    message = pb.BatchRegisterItemsRequest(requests=requests)
    return list((await call(replica.stub.BatchRegisterItems, message, pb.BatchRegisterItemsResponse)).results)


async def test_each_item_of_a_batch_is_registered_or_refused_on_its_own(replica, new_request):
    requests = [new_request(name="Lamp"), new_request(category=1000), new_request(name="Chair", seller_id="seller-2")]
    lamp, refused, chair = await register_all(replica, requests)
    assert (lamp.item.name, chair.item.name) == ("Lamp", "Chair")
    assert (refused.refusal.field, refused.refusal.problem) == ("category", "must be from 0 to 999")
    assert list((await replica.list_of_seller("seller-1")).items) == [lamp.item]
    assert list((await replica.list_of_seller("seller-2")).items) == [chair.item]


async def test_a_batch_of_nothing_but_refusals_registers_nothing(replica, new_request):
    (result,) = await register_all(replica, [new_request(quantity=-1)])
    assert result.refusal.field == "quantity"
    assert not (await replica.list_of_seller("seller-1")).items


async def test_a_batch_has_one_to_a_hundred_requests(replica, new_request):
    for requests in ([], [new_request() for _ in range(101)]):
        with pytest.raises(Refusal) as refused:
            await register_all(replica, requests)
        assert refused.value.metadata["field"] == "requests"
    assert len(await register_all(replica, [new_request() for _ in range(100)])) == 100


async def test_a_request_repeated_in_a_batch_or_from_before_returns_the_item_it_made(replica, described):
    before = await replica.register(seller_id="b", request_id="2")
    results = await register_all(replica, described(("b", "1"), ("a", "1"), ("b", "2"), ("b", "1"), ("a", "2")))
    one, other, known, again, last = (result.item for result in results)
    assert (again, known) == (one, before)
    assert [(item.seller_id) for item in (one, other, last)] == ["b", "a", "a"]
    assert len({item.item_id for item in (one, other, known, last)}) == 4


async def test_another_item_under_a_request_id_of_the_batch_fails_alone(replica, new_request):
    before = await replica.register(request_id="1")
    described = [("1", "Chair"), ("2", "Lamp"), ("2", "Chair"), ("3", "Lamp")]
    results = await register_all(replica, [new_request(request_id=number, name=name) for number, name in described])
    reused = pb.FieldError(
        field="Idempotency-Key",
        problem="this Idempotency-Key was sent before with another request",
        reason="IDEMPOTENCY_KEY_REUSED",
    )
    assert [result.refusal for result in results] == [reused, pb.FieldError(), reused, pb.FieldError()]
    assert list((await replica.list_of_seller("seller-1")).items) == [before, results[1].item, results[3].item]


async def test_a_batch_is_one_transaction(replica, new_request, connection):
    await register_all(replica, [new_request(seller_id="seller-1") for _ in range(20)])
    written = "SELECT count(DISTINCT xmin::text) FROM items WHERE seller_id = 'seller-1'"
    assert await connection.fetchval(written) == 1


async def test_two_batches_of_the_same_sellers_in_opposite_order_never_wait_in_a_circle(
    replica, other_replica, described
):
    for number in range(100):
        there = described(("a", f"{number}"), ("b", f"{number}"))
        back = described(("b", f"{number}"), ("a", f"{number}"))
        first, second = await asyncio.gather(register_all(replica, there), register_all(other_replica, back))
        assert first == second[::-1]


async def test_an_item_gets_its_id_when_those_before_it_of_the_same_seller_can_be_seen(
    replica, connection, blocker, waiting_backends, described
):
    """So a page of a seller's items that others follow never changes: gateways keep it for good."""
    unseen = blocker.transaction()
    await unseen.start()
    item = ("seller-1", "early", "Lamp", 1, [], [], "new", 1, "USD", 1, bytes(32))
    early = (await blocker.fetchrow(INSERT, *item))["id"]
    late = asyncio.create_task(replica.register(seller_id="seller-1"))
    await waiting_backends()
    others = await replica.register(seller_id="seller-2")
    await unseen.commit()
    assert early < int(others.item_id) < int((await late).item_id)
