"""Changes of items: once for each request id, conditional, and relative."""

import asyncio
from uuid import uuid4

import grpc
import pytest
from agora.catalog.v1.catalog_pb2_grpc import (
    CatalogServiceServicer,
    CatalogServiceStub,
    add_CatalogServiceServicer_to_server,
)

from agora.catalog.v1 import catalog_pb2 as pb
from chassis.errors import Refusal
from chassis.grpc_client import call
from chassis.status import code_of


async def rejected(call):
    """The code, reason and metadata of a rejected call."""
    with pytest.raises(Refusal) as caught:
        await call
    return code_of(caught.value), caught.value.reason, caught.value.metadata


class HeldReplica(CatalogServiceServicer):
    """A replica of which the first call never gets its answer, though its transaction is committed."""

    def __init__(self, replica, held) -> None:
        self._replica = replica
        self._held = held

    async def UpdateItem(self, request, _context):  # noqa: N802 - named by the proto
        changed = await call(self._replica.stub.UpdateItem, request, pb.UpdateItemResponse)
        if not self._held.done():
            self._held.set_result(self)
            await asyncio.Event().wait()
        return changed


async def test_update_is_applied_once_when_its_replica_is_killed(replica, other_replica, serve, channel_to):
    item_id = (await replica.register(quantity=10)).item_id
    held = asyncio.get_running_loop().create_future()
    servers = {}
    for each in (replica, other_replica):
        servicer = HeldReplica(each, held)
        servers[servicer] = await serve(add_CatalogServiceServicer_to_server, servicer, tier="catalog")
    ports = (f"127.0.0.1:{served.server.port}" for served in servers.values())
    stub = CatalogServiceStub(channel_to("ipv4:" + ",".join(ports)))
    request = pb.UpdateItemRequest(item_id=item_id, seller_id="seller-1", quantity=100, request_id="r")
    change = asyncio.create_task(call(stub.UpdateItem, request, pb.UpdateItemResponse))
    committed = await held
    await replica.reserve({item_id: 30})
    # The channel sends the change again, to the other replica.
    await servers[committed].kill()
    assert (await change).item.quantity == 70
    assert (await replica.get(item_id))[item_id].quantity == 70


async def test_update_is_applied_once_after_sales_and_other_changes(replica, other_replica):
    item_id = (await replica.register(quantity=10)).item_id
    await replica.update(item_id, quantity=100, request_id="r")
    await replica.reserve({item_id: 10})
    await other_replica.update(item_id, price_cents=7, request_id="s")
    again = await other_replica.update(item_id, quantity=100, request_id="r")
    assert (again.quantity, again.price_cents, again.version) == (90, 7, 4)
    assert await replica.get(item_id) == {item_id: again}


async def test_update_is_applied_once_when_sent_to_two_replicas_at_once(replica, other_replica):
    item_id = (await replica.register(quantity=10)).item_id
    senders = [replica, other_replica] * 5
    changed = await asyncio.gather(*(sender.update(item_id, quantity_delta=3, request_id="r") for sender in senders))
    assert {(item.quantity, item.version) for item in changed} == {(13, 2)}


async def test_update_is_applied_once_when_a_paused_replica_goes_on(replica, other_replica, blocker, waiting_backends):
    item_id = (await replica.register(quantity=10)).item_id
    paused = blocker.transaction()
    await paused.start()
    await blocker.fetch("SELECT FROM items WHERE id = $1 FOR UPDATE", int(item_id))
    first = asyncio.create_task(replica.update(item_id, quantity_delta=-4, request_id="r"))
    await waiting_backends(1)
    second = asyncio.create_task(other_replica.update(item_id, quantity_delta=-4, request_id="r"))
    await waiting_backends(2)
    await paused.rollback()
    assert [item.quantity for item in await asyncio.gather(first, second)] == [6, 6]


async def test_update_rejects_another_change_under_the_same_request_id(replica, subtests):
    item_id, other = [(await replica.register()).item_id for _ in range(2)]
    changed = await replica.update(item_id, quantity=5, request_id="r")
    for asked in (
        {"quantity": 6},
        {"quantity": 5, "price_cents": 1},
        {"quantity_delta": 5},
        {"quantity": 5, "expected_versions": [1]},
        {"quantity": 5, "item_id": other},
    ):
        with subtests.test(asked=asked):
            code, reason, _ = await rejected(replica.update(**{"item_id": item_id, "request_id": "r"} | asked))
            assert (code, reason) == (grpc.StatusCode.INVALID_ARGUMENT, "IDEMPOTENCY_KEY_REUSED")
    assert (await replica.get(item_id))[item_id] == changed
    assert (await replica.update(other, "seller-1", quantity=6, request_id="s")).quantity == 6


async def test_request_ids_belong_to_their_seller(replica):
    items = [await replica.register(seller_id=seller, quantity=1) for seller in ("a", "b")]
    changed = [await replica.update(item.item_id, item.seller_id, quantity_delta=1, request_id="r") for item in items]
    assert [item.quantity for item in changed] == [2, 2]


async def test_a_rejected_update_stays_rejected_when_it_would_be_allowed(replica, other_replica):
    item_id = (await replica.register(quantity=3)).item_id
    first = await rejected(replica.update(item_id, quantity_delta=-5, request_id="r"))
    assert first == (grpc.StatusCode.FAILED_PRECONDITION, "QUANTITY_OUT_OF_RANGE", {"quantity": "3"})
    restocked = await replica.update(item_id, quantity_delta=10)
    assert await rejected(other_replica.update(item_id, quantity_delta=-5, request_id="r")) == first
    assert (await replica.get(item_id))[item_id] == restocked
    assert (await replica.update(item_id, quantity_delta=-5, request_id="s")).quantity == 8


async def test_an_update_without_request_id_is_a_change_of_its_own(replica):
    item_id = (await replica.register(quantity=1)).item_id
    assert [(await replica.update(item_id, quantity_delta=1)).quantity for _ in range(3)] == [2, 3, 4]


async def test_update_changes_only_an_expected_version(replica):
    item = await replica.register(quantity=10)
    assert (await replica.update(item.item_id, quantity=5, expected_versions=[1, 7])).version == 2
    await replica.reserve({item.item_id: 1})
    for versions in ([1, 2], [0]):
        assert await rejected(replica.update(item.item_id, quantity=100, expected_versions=versions)) == (
            grpc.StatusCode.FAILED_PRECONDITION,
            "ITEM_CHANGED",
            {"version": "3"},
        )
    assert (await replica.get(item.item_id))[item.item_id].quantity == 4


@pytest.mark.parametrize(("delta", "left"), [(5, 15), (-10, 0), (0, 10), (999_990, 1_000_000)])
async def test_a_delta_is_added_to_what_is_left(replica, delta, left):
    item = await replica.register(quantity=10)
    changed = await replica.update(item.item_id, quantity_delta=delta, price_cents=99)
    assert (changed.quantity, changed.price_cents, changed.version) == (left, 99, 2)


@pytest.mark.parametrize("delta", [-11, 999_991])
async def test_a_delta_out_of_range_changes_nothing(replica, delta):
    item = await replica.register(quantity=10)
    _, reason, _ = await rejected(replica.update(item.item_id, quantity_delta=delta, price_cents=99))
    assert reason == "QUANTITY_OUT_OF_RANGE"
    assert await replica.get(item.item_id) == {item.item_id: item}


@pytest.mark.parametrize("asked", [{"quantity": 5}, {"quantity_delta": 1_000_001}, {"quantity_delta": -1_000_001}])
async def test_an_invalid_delta_is_named(replica, asked):
    item = await replica.register()
    code, reason, metadata = await rejected(replica.update(item.item_id, **{"quantity_delta": 1} | asked))
    assert (code, reason, metadata["field"]) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "INVALID_FIELD",
        "quantity_delta",
    )


async def test_deltas_and_sales_at_once_lose_no_unit(replica, other_replica):
    item_id = (await replica.register(quantity=100)).item_id
    restocks = (replica.update(item_id, quantity_delta=2) for _ in range(20))
    sales = (other_replica.reserve({item_id: 1}, uuid4()) for _ in range(50))
    await asyncio.gather(*restocks, *sales)
    assert (await replica.get(item_id))[item_id].quantity == 100 + 40 - 50


async def test_new_changes_delete_expired_records(replica, connection):
    item_id = (await replica.register()).item_id
    for number in range(4):
        await replica.update(item_id, price_cents=number, request_id=f"old-{number}")
    await connection.execute("UPDATE item_changes SET created_at = now() - interval '8 days'")
    # One that is repeated is not new, however old it is.
    assert (await replica.update(item_id, price_cents=0, request_id="old-0")).price_cents == 3
    for number in range(3):
        await replica.update(item_id, price_cents=number, request_id=f"new-{number}")
    recorded = await connection.fetch("SELECT request_id FROM item_changes ORDER BY request_id")
    assert [row["request_id"] for row in recorded] == ["new-0", "new-1", "new-2"]
