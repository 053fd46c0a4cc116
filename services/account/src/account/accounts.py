"""Use case: open an account."""

from account.domain import Account, NewAccount
from account.errors import UsernameTaken
from account.passwords import Passwords
from account.repository import Repository


class Accounts:
    def __init__(self, repository: Repository, passwords: Passwords) -> None:
        self._repository = repository
        self._passwords = passwords

    async def create(self, new: NewAccount) -> Account:
        """Idempotent by request id: the account that the same request made before is returned again.

        Raises UsernameTaken, TooManySignIns.
        """
        password_hash = await self._passwords.hash(new.password)
        try:
            return await self._repository.insert_account(new, password_hash)
        except UsernameTaken:
            made_before = await self._repository.find_requested_account(new.username, new.request_id)
            if made_before is None:
                raise
            return made_before
