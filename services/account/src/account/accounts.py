"""Use cases of accounts: open one, tell which are sellers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from account.attempts import Attempts
from account.domain import Account, NewAccount
from account.passwords import Passwords
from account.repository import Repository
from chassis.errors import IdempotencyKeyReused, InvalidField

MAX_BATCH: Final = 1000


class Accounts:
    def __init__(self, repository: Repository, passwords: Passwords, attempts: Attempts) -> None:
        self._repository = repository
        self._passwords = passwords
        self._attempts = attempts

    async def create(self, new: NewAccount, client_address: str = "") -> Account:
        """Idempotent by request id: the account that the same request made before is returned again.

        Raises UsernameTaken, TooManySignIns, TooManyAttempts, IdempotencyKeyReused.
        """
        lane = await self._attempts.sign_up(client_address)
        async with self._passwords.turn(lane):
            password_hash = await self._passwords.hash(new.password)
        account = await self._repository.insert_account(new, password_hash)
        if account is None:
            async with self._passwords.turn(lane):
                return await self._made_before(new)
        await self._attempts.remember_owner(new.username, client_address)
        return account

    async def _made_before(self, new: NewAccount) -> Account:
        made = await self._repository.find_credentials(new.username)
        assert made is not None
        if made.account.role is not new.role or not await self._passwords.verify(made.password_hash, new.password):
            raise IdempotencyKeyReused
        return made.account

    async def sellers(self, account_ids: Sequence[str]) -> list[str]:
        """Those that are accounts of sellers, in no particular order. Raises InvalidField."""
        if len(account_ids) > MAX_BATCH:
            raise InvalidField("seller_ids", f"must be at most {MAX_BATCH}")
        numbers = [number for text in account_ids if (number := _account_number(text)) is not None]
        return await self._repository.find_sellers(numbers) if numbers else []


def _account_number(account_id: str) -> UUID | None:
    """None for what never was the id of an account."""
    try:
        number = UUID(account_id)
    except ValueError:
        return None
    # UUID() also takes other spellings, which are not this account's id.
    return number if str(number) == account_id else None
