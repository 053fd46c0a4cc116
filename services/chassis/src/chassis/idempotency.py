"""Idempotency by request id: each request is decided once, in the transaction that records its id.

A service that uses `decide_once` has a table of requests and three queries of it by these names: `record_request` (it
returns a row unless the id is recorded already), `find_request` and `reject_request`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from chassis import status
from chassis.digest import check_digest
from chassis.errors import AlreadyExists, FailedPrecondition, NotFound, PermissionDenied, Refusal
from chassis.postgres import Connection, Database, Transaction

T = TypeVar("T")

# Rejections by the state of the shop. Asked again, they would depend on what changed meanwhile, so they are recorded as
# successes are. Every other error leaves the id unused.
_FINAL: Final = (NotFound, PermissionDenied, AlreadyExists, FailedPrecondition)


@dataclass(frozen=True, slots=True)
class Request:
    """The key a request is recorded by, owner and id, and the digest of what it asks for."""

    key: tuple[object, ...]
    digest: bytes


async def decide_once(database: Database, request: Request, decide: Callable[[Transaction], Awaitable[T]]) -> T | None:
    """Record the request and run `decide`, in one transaction; None when the request succeeded before.

    A rejection is recorded and raised, again for each repetition of the request. `decide` rejects before it writes
    anything. Also raises IdempotencyKeyReused.
    """
    async with database.transaction() as transaction:
        outcome = await decide_within(transaction, request, partial(decide, transaction))
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


async def decide_within(
    transaction: Connection, request: Request, decide: Callable[[], Awaitable[T]]
) -> T | Refusal | None:
    """Do the same in a transaction of the caller's, who raises the rejection that is returned after the commit.

    Transactions with the same key are serialised by the table's primary key.
    """
    if not await transaction.fetch("record_request", *request.key, request.digest):
        recorded = await transaction.fetchrow("find_request", *request.key)
        assert recorded is not None
        check_digest(recorded["request_digest"], request.digest)
        return status.parse(recorded["rejection"]) if recorded["rejection"] is not None else None
    try:
        return await decide()
    except _FINAL as rejection:
        await transaction.execute("reject_request", *request.key, status.serialize(rejection))
        return rejection
