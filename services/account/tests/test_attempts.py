"""Limits on wrong passwords and on sign-ups, through real servers and a real Valkey."""

import asyncio
from collections import Counter

import pytest

from chassis.errors import RETRY_AFTER_S, Refusal

from .conftest import PASSWORD

HOME, ELSEWHERE = "192.0.2.7", "198.51.100.9"
GUESSES_OF_ONE_ADDRESS, GUESSES_OF_STRANGERS = 4, 6


async def reason_of(answer):
    try:
        await answer
    except Refusal as refusal:
        return refusal.reason
    return "OK"


async def guesses(replica, number, username="ann", address=ELSEWHERE):
    """Reasons of so many wrong passwords at the same moment."""
    return Counter(
        await asyncio.gather(*(reason_of(replica.sign_in(username, f"wrong {n}", address)) for n in range(number)))
    )


@pytest.fixture
async def ann(replica):
    """An account whose owner is at home."""
    return await replica.create_account("ann", client_address=HOME)


async def test_150_guesses_at_an_account_meet_a_limit(replica, ann):
    reasons = await guesses(replica, 150)
    assert reasons["WRONG_CREDENTIALS"] == GUESSES_OF_ONE_ADDRESS
    assert reasons["TOO_MANY_ATTEMPTS"] == 150 - GUESSES_OF_ONE_ADDRESS


async def test_guesses_from_many_addresses_share_the_accounts_limit(start_replica, redis_url, ann):
    replicas = [await start_replica(redis_url) for _ in range(2)]
    addresses = [f"203.0.113.{number}" for number in range(20)]
    reasons = Counter()
    for number, address in enumerate([*addresses, HOME]):
        reasons += await guesses(replicas[number % 2], 8, address=address)
    assert reasons["WRONG_CREDENTIALS"] == GUESSES_OF_STRANGERS + GUESSES_OF_ONE_ADDRESS


async def test_guesses_elsewhere_do_not_lock_the_owner_out(replica, ann):
    for number in range(10):
        await guesses(replica, 10, address=f"203.0.113.{number}")
    assert (await replica.sign_in("ann", PASSWORD, HOME)).session.account_id == ann.account_id
    assert await reason_of(replica.sign_in("ann", PASSWORD, ELSEWHERE)) == "TOO_MANY_ATTEMPTS"


async def test_an_address_is_the_owners_after_a_sign_in(replica, ann):
    await replica.sign_in("ann", PASSWORD, ELSEWHERE)
    for number in range(10):
        await guesses(replica, 10, address=f"203.0.113.{number}")
    assert await reason_of(replica.sign_in("ann", PASSWORD, ELSEWHERE)) == "OK"


async def test_right_passwords_cost_nothing(replica, ann):
    reasons = await asyncio.gather(*(reason_of(replica.sign_in("ann", PASSWORD, ELSEWHERE)) for _ in range(60)))
    assert Counter(reasons) == {"OK": 60}


async def test_unknown_accounts_have_the_limits_of_known_ones(replica, ann):
    known, unknown = [await guesses(replica, 12, username) for username in ("ann", "nobody")]
    assert known == unknown


async def test_an_address_guesses_at_few_accounts(replica):
    reasons = Counter()
    for number in range(30):
        reasons += await guesses(replica, 1, f"nobody-{number}")
    assert reasons["WRONG_CREDENTIALS"] == 10, "half of the hour's number at once"
    assert await reason_of(replica.sign_in("somebody", "wrong", HOME)) == "WRONG_CREDENTIALS"


async def test_retry_after_is_told_and_bounded(replica, ann):
    await guesses(replica, 20)
    with pytest.raises(Refusal) as rejected:
        await replica.sign_in("ann", PASSWORD, ELSEWHERE)
    assert 0 < int(rejected.value.metadata[RETRY_AFTER_S]) <= 900


async def test_sign_ups_of_an_address_are_limited(replica):
    sign_ups = [reason_of(replica.create_account(f"ann-{number}", client_address=HOME)) for number in range(15)]
    assert Counter(await asyncio.gather(*sign_ups)) == {"OK": 10, "TOO_MANY_ATTEMPTS": 5}
    assert await reason_of(replica.create_account("bob", client_address=ELSEWHERE)) == "OK"


async def test_a_database_that_is_away_costs_no_attempts(replica, ann):
    await replica.database.close()
    reasons = [await reason_of(replica.sign_in("ann", "wrong horse", ELSEWHERE)) for _ in range(10)]
    assert Counter(reasons) == {"STORE_DOWN": 10}
