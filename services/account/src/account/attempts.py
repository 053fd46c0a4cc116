"""Limits on sign-ups and on failed sign-ins, by account and by client address.

Strangers to an account share its tokens, so that however many addresses guess, few guesses an hour get through. Where
its owner signed in before, that address has tokens of its own: strangers who guess cannot lock the owner out. A right
password costs nothing. Whether an account exists makes no difference to any of this (ADR 13).
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from account import metrics
from account.errors import TooManyAttempts
from account.token_buckets import Buckets, Charge, Limit
from chassis.clients import client_of
from chassis.fair_queue import Lane

# However many addresses guess, those who sign in where they did before have every other turn.
_OWNERS: Final = "owners"
_STRANGERS: Final = "strangers"


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """Failed sign-ins at an account and from an address, and sign-ups from an address, in an hour."""

    account_failures: int = 20
    address_failures: int = 100
    address_sign_ups: int = 3600


class Attempts:
    def __init__(self, buckets: Buckets, limits: AttemptLimits) -> None:
        self._buckets = buckets
        # Together the number for the account, as long as no more than one address where its owner signed in guesses.
        self._pair = Limit.per_hour(2 * limits.account_failures // 5)
        self._strangers = Limit.per_hour(3 * limits.account_failures // 5)
        self._address = Limit.per_hour(limits.address_failures)
        self._sign_ups = Limit.per_hour(limits.address_sign_ups)

    async def sign_up(self, client_address: str) -> Lane:
        """Take a sign-up of the address, and return the lane to wait in. Raises TooManyAttempts."""
        site = client_of(client_address)
        if site:
            _check(await self._buckets.take([Charge(f"sign-ups:{site}", self._sign_ups)]))
        return Lane(site, _STRANGERS)

    async def sign_in(self, username: str, client_address: str) -> "Attempt":
        """An attempt that has not begun. Raises TooManyAttempts when this process knows that it could not."""
        site = client_of(client_address)
        account = _digest(username)
        pair = Charge(f"pair:{site}:{account}", self._pair)
        _check(self._buckets.wait_s([pair]))
        if await self._buckets.is_marked(_owner_mark(site, account)):
            return Attempt(self._buckets, [pair], [], _owner_mark(site, account), Lane(account, _OWNERS))
        charges = [pair, Charge(f"account:{account}", self._strangers)]
        failures = [Charge(f"address:{site}", self._address)] if site else []
        # Taken by failures only: many users of one address may sign in at the same moment.
        charges += [failure._replace(tokens=0) for failure in failures]
        _check(self._buckets.wait_s(charges))
        return Attempt(self._buckets, charges, failures, _owner_mark(site, account), Lane(site, _STRANGERS))

    async def remember_owner(self, username: str, client_address: str) -> None:
        await self._buckets.set_mark(_owner_mark(client_of(client_address), _digest(username)))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One check of a password. What it costs is taken before: of a hundred at the same moment, few may begin."""

    _buckets: Buckets
    _charges: Sequence[Charge]
    _failures: Sequence[Charge]
    _mark: str
    lane: Lane

    async def begin(self) -> None:
        """Raises TooManyAttempts."""
        _check(await self._buckets.take(self._charges))

    async def withdraw(self) -> None:
        """Give back what was taken: nobody learnt anything about the password."""
        await self._buckets.take([charge._replace(tokens=-charge.tokens) for charge in self._charges])

    async def succeed(self) -> None:
        await self.withdraw()
        await self._buckets.set_mark(self._mark)

    async def fail(self) -> None:
        if self._failures:
            await self._buckets.take(self._failures)


def _owner_mark(site: str, account: str) -> str:
    return f"owner:{site}:{account}"


def _digest(username: str) -> str:
    """Usernames may be long, and people type passwords in their place."""
    return hashlib.blake2b(username.encode(), digest_size=16).hexdigest()


def _check(wait_s: float) -> None:
    if wait_s > 0:
        metrics.ATTEMPTS_REJECTED.inc()
        raise TooManyAttempts(math.ceil(wait_s))
