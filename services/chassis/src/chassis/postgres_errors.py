"""Errors of PostgreSQL as domain errors: one that is away, read-only, full or busy is never an INTERNAL error."""

from typing import ClassVar, Final

import asyncpg

from chassis.errors import DeadlineExceeded, Refusal, Unavailable

_SLOW: Final = (asyncpg.QueryCanceledError, TimeoutError)
# A subclass of an error that means the database is down, so it is looked for before.
_BUSY: Final = asyncpg.LockNotAvailableError
_READ_ONLY: Final = (asyncpg.ReadOnlySQLTransactionError, asyncpg.DiskFullError)
_DOWN: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,  # connections or memory
    asyncpg.OperatorInterventionError,  # it starts, stops, or ended this session
    asyncpg.PostgresSystemError,  # its disk fails
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database takes no connections for now
    asyncpg.UndefinedTableError,  # the migrations are still to come; a misspelt table fails test_queries
    asyncpg.UndefinedColumnError,
    asyncpg.InternalClientError,  # how asyncpg tells that a session ended between two steps of a query
)


class StoreDown(Unavailable):
    reason = "STORE_DOWN"


class StoreReadOnly(Unavailable):
    """Reads go on: after a failover to a standby, by an operator's setting, or with a full disk."""

    reason = "STORE_READ_ONLY"
    is_retryable: ClassVar[bool] = False


class StoreBusy(Unavailable):
    """A lock was not obtained within `lock_timeout`, so that another attempt now would only wait as long again."""

    reason = "STORE_BUSY"
    is_retryable: ClassVar[bool] = False
    concerns_all = False

    def __init__(self) -> None:
        super().__init__("a concurrent change holds what this one needs, try again")


class StoreSlow(DeadlineExceeded):
    reason = "STORE_SLOW"


def translated(error: BaseException, *, is_lost: bool) -> Refusal | None:
    """The domain error for what asyncpg raised; None for what is none of these, such as a violated constraint.

    `is_lost` tells whether the connection is: InterfaceError is said of that and of a wrong argument alike.
    """
    if isinstance(error, _SLOW):
        return StoreSlow("the database did not answer in time")
    if isinstance(error, _BUSY):
        return StoreBusy()
    if isinstance(error, _READ_ONLY):
        return StoreReadOnly("the database takes no changes now")
    if isinstance(error, _DOWN) or (isinstance(error, asyncpg.InterfaceError) and is_lost):
        return StoreDown("the database is not reachable")
    return None
