"""The tables of accounts and sessions. Speaks domain objects and domain errors only."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg
from asyncpg import Record

from account.domain import (
    SESSION_LIFETIME,
    SESSION_RENEWAL_INTERVAL,
    UNUSABLE_HASH,
    Account,
    Credentials,
    NewAccount,
    Role,
    Session,
)
from account.errors import UsernameTaken
from chassis.idempotency import Request, decide_once
from chassis.postgres import Database, Transaction, constraint_of
from chassis.postgres_errors import StoreReadOnly

_USERNAME_KEY: Final = "accounts_username_key"


class Repository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def insert_account(self, new: NewAccount, password_hash: str) -> Account | None:
        """Return the new account; None when the same request made it before, with whatever password.

        Raises UsernameTaken, IdempotencyKeyReused.
        """
        account = Account(str(uuid4()), new.username, new.role)

        async def decide(transaction: Transaction) -> Account | None:
            row = (account.account_id, account.username, password_hash, account.role, new.request_id)
            if await transaction.fetch("insert_account", *row):
                return account
            if await transaction.fetch("is_requested_account", new.username, new.request_id):
                return None
            raise UsernameTaken

        return await decide_once(self._database, Request((new.request_id,), new.digest), decide)

    async def insert_sample_accounts(self, usernames: Mapping[UUID, str]) -> None:
        """Sellers without a password, by account id. Raises UsernameTaken when one is somebody else's."""
        try:
            await self._database.execute("insert_sample_accounts", [*usernames], [*usernames.values()], UNUSABLE_HASH)
        except asyncpg.UniqueViolationError as error:
            if constraint_of(error) == _USERNAME_KEY:
                raise UsernameTaken from None
            raise

    async def find_sellers(self, account_ids: Collection[UUID]) -> list[str]:
        """The ids of those accounts that exist and are sellers."""
        return [str(row["id"]) for row in await self._database.fetch("find_sellers", account_ids)]

    async def find_credentials(self, username: str) -> Credentials | None:
        row = await self._database.fetchrow("find_credentials", username)
        return Credentials(_account(row), row["password_hash"]) if row else None

    async def replace_password_hash(self, verified: Credentials, password_hash: str) -> None:
        await self._database.execute(
            "replace_password_hash", verified.account.account_id, verified.password_hash, password_hash
        )

    async def insert_session(self, account: Account, token_hash: bytes) -> Session:
        session_id = str(uuid4())
        row = await self._database.fetchrow(
            "insert_session", session_id, token_hash, account.account_id, SESSION_LIFETIME
        )
        assert row is not None
        return Session(session_id, account.account_id, account.role, token_hash, row["created_at"], row["expires_at"])

    async def read_sessions(self, token_hashes: Collection[bytes]) -> list[Session]:
        """The live ones, with their ends moved where that is due."""
        rows = await self._database.fetch("read_sessions", token_hashes, SESSION_RENEWAL_INTERVAL, SESSION_LIFETIME)
        sessions = [_session(row) for row in rows]
        due = [row["id"] for row in rows if row["is_due"]]
        if not due:
            return sessions
        try:
            ends = await self._extend_sessions(due)
        except StoreReadOnly:  # their owners may read on, until their sessions' ends as they stand
            return sessions
        return [replace(session, expires_at=ends.get(session.session_id, session.expires_at)) for session in sessions]

    async def _extend_sessions(self, session_ids: list[UUID]) -> dict[str, datetime]:
        rows = await self._database.fetch("extend_sessions", session_ids, SESSION_LIFETIME)
        return {str(row["id"]): row["expires_at"] for row in rows}

    async def delete_session(self, token_hash: bytes) -> None:
        await self._database.execute("delete_session", token_hash)

    async def delete_expired_sessions(self, limit: int) -> int:
        """How many were deleted."""
        return len(await self._database.fetch("delete_expired_sessions", limit))


def _account(row: Record) -> Account:
    return Account(str(row["id"]), row["username"], Role(row["role"]))


def _session(row: Record) -> Session:
    return Session(
        session_id=str(row["id"]),
        account_id=str(row["account_id"]),
        role=Role(row["role"]),
        token_hash=row["token_hash"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
