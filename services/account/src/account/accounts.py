"""Use cases of accounts: open one, tell which are sellers."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from account.attempts import Attempts
from account.domain import Account, NewAccount
from account.errors import UsernameTaken
from account.passwords import Passwords
from account.repository import Repository
from chassis.errors import InvalidField

MAX_BATCH: Final = 1000


class Accounts:
    def __init__(self, repository: Repository, passwords: Passwords, attempts: Attempts) -> None:
        self._repository = repository
        self._passwords = passwords
        self._attempts = attempts

    async def create(self, new: NewAccount, client_address: str = "") -> Account:
        """Idempotent by request id: the account that the same request made before is returned again.

        Raises UsernameTaken, TooManySignIns, TooManyAttempts.
        """
        async with self._passwords.turn(await self._attempts.sign_up(client_address)):
            password_hash = await self._passwords.hash(new.password)
        try:
            account = await self._repository.insert_account(new, password_hash)
        except UsernameTaken:
            made_before = await self._repository.find_requested_account(new.username, new.request_id)
            if made_before is None:
                raise
            return made_before
        await self._attempts.remember_owner(new.username, client_address)
        return account

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
