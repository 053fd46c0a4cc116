"""The tables, on a real PostgreSQL."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from account.domain import SESSION_LIFETIME, SESSION_RENEWAL_INTERVAL, Account, NewAccount, Role
from account.errors import UsernameTaken
from account.repository import Repository


@pytest.fixture
async def repository(open_database, dsn):
    return Repository(await open_database("account", dsn))


@pytest.fixture
async def sql(dsn):
    """Statements beside the repository."""
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


def new_account(username="ann", request_id="r"):
    return NewAccount(request_id, username, "correct horse", Role.SELLER)


async def sessions_of(repository, number):
    account = await repository.insert_account(new_account(), "hash")
    return [await repository.insert_session(account, bytes([index]) * 32) for index in range(number)]


async def move_ends(sql, by):
    await sql.execute("UPDATE sessions SET expires_at = expires_at + $1", by)


async def test_an_account_is_found_by_its_username(repository):
    account = await repository.insert_account(new_account(), "hash")
    assert account == Account(account.account_id, "ann", Role.SELLER)
    assert (await repository.find_credentials("ann")).account == account
    assert await repository.find_credentials("Ann") is None, "usernames are compared exactly"


async def test_a_username_is_given_once(repository):
    await repository.insert_account(new_account(), "hash")
    with pytest.raises(UsernameTaken):
        await repository.insert_account(new_account(request_id="another"), "hash")


async def test_a_request_is_recognised_without_its_record(repository, sql):
    """That of an older replica, or one that was deleted."""
    await repository.insert_account(new_account(), "hash")
    await sql.execute("DELETE FROM account_requests")
    assert await repository.insert_account(new_account(), "hash") is None


async def test_new_requests_delete_expired_records(repository, sql):
    for number in range(4):
        await repository.insert_account(new_account(f"old-{number}", f"old-{number}"), "hash")
    await sql.execute("UPDATE account_requests SET created_at = now() - interval '8 days'")
    for number in range(2):
        await repository.insert_account(new_account(f"new-{number}", f"new-{number}"), "hash")
    recorded = await sql.fetch("SELECT request_id FROM account_requests ORDER BY request_id")
    assert [row["request_id"] for row in recorded] == ["new-0", "new-1"]


async def test_a_hash_is_replaced_only_while_it_is_the_verified_one(repository):
    await repository.insert_account(new_account(), "old")
    verified = await repository.find_credentials("ann")
    await repository.replace_password_hash(verified, "new")
    await repository.replace_password_hash(verified, "late")
    assert (await repository.find_credentials("ann")).password_hash == "new"


async def test_a_session_is_read_as_it_was_stored(repository):
    [session] = await sessions_of(repository, 1)
    assert await repository.read_sessions([session.token_hash, b"?" * 32]) == [session]
    assert session.expires_at - session.created_at == SESSION_LIFETIME


async def test_a_session_is_written_at_most_once_a_minute(repository, sql):
    [session] = await sessions_of(repository, 1)
    await move_ends(sql, -SESSION_RENEWAL_INTERVAL / 2)
    [early] = await repository.read_sessions([session.token_hash])
    assert early.expires_at == session.expires_at - SESSION_RENEWAL_INTERVAL / 2

    await move_ends(sql, -SESSION_RENEWAL_INTERVAL / 2)
    [extended] = await repository.read_sessions([session.token_hash])
    assert extended.expires_at > session.expires_at
    assert await repository.read_sessions([session.token_hash]) == [extended]


async def test_an_expired_session_is_dead_before_it_is_deleted(repository, sql):
    [session] = await sessions_of(repository, 1)
    await move_ends(sql, -SESSION_LIFETIME)
    assert await repository.read_sessions([session.token_hash]) == []


async def test_a_session_that_ends_while_it_is_extended_stays_ended(repository, sql):
    [session] = await sessions_of(repository, 1)
    await move_ends(sql, -2 * SESSION_RENEWAL_INTERVAL)
    async with sql.transaction():
        await sql.execute("DELETE FROM sessions")
        # The delete is not committed, so the session is still live; its reader neither waits for the lock nor fails.
        assert len(await asyncio.wait_for(repository.read_sessions([session.token_hash]), 30)) == 1
    assert await repository.read_sessions([session.token_hash]) == []


async def test_replicas_that_extend_the_same_sessions_in_other_orders_never_deadlock(repository, sql):
    hashes = [session.token_hash for session in await sessions_of(repository, 50)]
    for _ in range(10):
        await move_ends(sql, -2 * SESSION_RENEWAL_INTERVAL)
        answers = await asyncio.gather(*(repository.read_sessions(hashes[:: (-1) ** turn]) for turn in range(4)))
        assert [len(answer) for answer in answers] == [50] * 4


async def test_expired_sessions_are_deleted_in_small_batches_and_live_ones_stay(repository, sql):
    sessions = await sessions_of(repository, 5)
    await move_ends(sql, -SESSION_LIFETIME)
    alive = await repository.insert_session((await repository.find_credentials("ann")).account, b"a" * 32)
    assert [await repository.delete_expired_sessions(2) for _ in range(4)] == [2, 2, 1, 0]
    assert await repository.read_sessions([alive.token_hash, *(s.token_hash for s in sessions)]) == [alive]


async def test_sample_accounts_do_not_take_over_a_username(repository):
    await repository.insert_account(new_account("sample-seller-001"), "hash")
    with pytest.raises(UsernameTaken):
        await repository.insert_sample_accounts({uuid4(): "sample-seller-001"})
