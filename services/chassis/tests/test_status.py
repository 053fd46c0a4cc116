from typing import ClassVar

import grpc
import pytest

from chassis import errors, status
from chassis.errors import FailedPrecondition, InvalidField, Refusal
from chassis.status import RemoteRefusal


class OutOfStock(FailedPrecondition):
    reason: ClassVar[str] = "OUT_OF_STOCK"


async def refused_by_a_server(refusal: Refusal, serve, add_echo, sayer) -> RemoteRefusal:
    async def refuse(_text: str) -> str:
        raise refusal

    say = sayer((await serve(add_echo, refuse)).target)
    with pytest.raises(RemoteRefusal) as refused:
        await say("please")
    return refused.value


@pytest.mark.parametrize("category", status.CODES, ids=lambda category: category.__name__)
async def test_each_category_keeps_code_reason_message_and_metadata(category, serve, add_echo, sayer):
    named = type("Named", (category,), {"reason": "A_REASON"})

    remote = await refused_by_a_server(named("why, in words", {"item_id": "7"}), serve, add_echo, sayer)

    assert remote.code is status.CODES[category]
    assert (remote.reason, remote.message, remote.metadata) == ("A_REASON", "why, in words", {"item_id": "7"})


async def test_a_refusal_passes_a_second_tier_unchanged(serve, add_echo, sayer):
    async def refuse(_text: str) -> str:
        raise OutOfStock("3 left, 5 wanted", {"item_id": "7", "left": "3"})

    inner = await serve(add_echo, refuse, tier="catalog")
    outer = await serve(add_echo, sayer(inner.target), tier="order")

    with pytest.raises(RemoteRefusal) as refused:
        await sayer(outer.target)("please")

    assert refused.value.code is grpc.StatusCode.FAILED_PRECONDITION
    assert refused.value.reason == "OUT_OF_STOCK"
    assert refused.value.metadata == {"item_id": "7", "left": "3"}


async def test_words_of_any_script_and_length_arrive(serve, add_echo, sayer):
    message = "größer als 100 % © 在庫\n\t🛒" * 20

    remote = await refused_by_a_server(InvalidField("имя", message), serve, add_echo, sayer)

    assert remote.message == f"имя {message}"
    assert remote.metadata == {"field": "имя", "problem": message}


def test_a_subclass_has_the_code_of_its_category():
    assert status.code_of(OutOfStock("gone")) is grpc.StatusCode.FAILED_PRECONDITION
    assert status.code_of(InvalidField("name", "is empty")) is grpc.StatusCode.INVALID_ARGUMENT


def test_every_category_has_a_code_of_its_own():
    assert set(status.CODES) == set(Refusal.__subclasses__()) - {RemoteRefusal}
    assert len(set(status.CODES.values())) == len(status.CODES)


@pytest.mark.parametrize(
    ("code", "category"),
    [(grpc.StatusCode.NOT_FOUND, errors.NotFound), (grpc.StatusCode.UNAVAILABLE, errors.Unavailable)],
)
def test_a_status_without_details_is_known_by_its_code(code: grpc.StatusCode, category: type[Refusal]):
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="words")

    assert type(status.refusal_from(error)) is category


def test_a_status_no_refusal_has_keeps_its_code():
    error = grpc.aio.AioRpcError(grpc.StatusCode.DATA_LOSS, grpc.aio.Metadata(), grpc.aio.Metadata())

    refusal = status.refusal_from(error)

    assert isinstance(refusal, RemoteRefusal)
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.DATA_LOSS, "DATA_LOSS")


def test_details_that_are_none_of_ours_are_left_aside():
    trailers = grpc.aio.Metadata(("grpc-status-details-bin", b"\xff not a status"))
    error = grpc.aio.AioRpcError(grpc.StatusCode.NOT_FOUND, grpc.aio.Metadata(), trailers)

    assert type(status.refusal_from(error)) is errors.NotFound


@pytest.mark.parametrize("category", status.CODES)
def test_a_serialized_refusal_is_parsed_with_its_reason(category):
    class Rejection(category):
        reason = "SUCH_REASON"

    parsed = status.parse(status.serialize(Rejection("so it is", {"item_id": "8"})))
    assert status.code_of(parsed) is status.CODES[category]
    assert (parsed.reason, parsed.message, parsed.metadata) == ("SUCH_REASON", "so it is", {"item_id": "8"})
