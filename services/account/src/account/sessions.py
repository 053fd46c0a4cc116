"""Use cases: sign in, stay signed in, sign out."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Final

from account import metrics
from account.attempts import Attempts
from account.domain import UNUSABLE_HASH, Credentials, Session, check_token_hash, check_token_hashes, could_sign_in
from account.errors import WrongCredentials
from account.passwords import Passwords
from account.repository import Repository
from chassis.errors import Refusal

_TOKEN_BYTES: Final = 32
SWEEP_EVERY_S: Final = 60.0
_SWEEP_BATCH: Final = 500


class Sessions:
    """Every check reads PostgreSQL: gateways remember a session for less than a second, so few checks come here."""

    def __init__(self, repository: Repository, passwords: Passwords, attempts: Attempts) -> None:
        self._repository = repository
        self._passwords = passwords
        self._attempts = attempts

    async def open(self, username: str, password: str, client_address: str = "") -> tuple[Session, str]:
        """A new session and its token, which is stored nowhere.

        Raises WrongCredentials, TooManySignIns, TooManyAttempts.
        """
        attempt = await self._attempts.sign_in(username, client_address)
        async with self._passwords.turn(attempt.lane):
            # Within the turn: only the few that hash hold tokens, which a right password gives back.
            await attempt.begin()
            try:
                credentials = await self._verified(username, password)
            except Refusal:
                await attempt.withdraw()
                raise
            if credentials is None:
                await attempt.fail()
                metrics.REFUSED.inc()
                raise WrongCredentials
            await attempt.succeed()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = await self._repository.insert_session(credentials.account, hash_of(token))
        metrics.OPENED.inc()
        return session, token

    async def _verified(self, username: str, password: str) -> Credentials | None:
        """None when username or password is wrong."""
        credentials = await self._credentials_of(username, password)
        password_hash = credentials.password_hash if credentials else UNUSABLE_HASH
        # Also for nobody: how long a refusal takes must not tell whether the account exists
        # (see test_an_unknown_username_costs_as_much_as_a_wrong_password).
        if not await self._passwords.verify(password_hash, password) or credentials is None:
            return None
        if self._passwords.is_outdated(password_hash):
            renewed = await self._passwords.hash(password)
            await self._repository.replace_password_hash(credentials, renewed)
        return credentials

    async def _credentials_of(self, username: str, password: str) -> Credentials | None:
        return await self._repository.find_credentials(username) if could_sign_in(username, password) else None

    async def end(self, token_hash: bytes) -> None:
        check_token_hash("token_hash", token_hash)
        await self._repository.delete_session(token_hash)
        metrics.ENDED.inc()

    async def live(self, token_hashes: Sequence[bytes]) -> list[Session]:
        """The live sessions among those named, each kept alive for its lifetime from now on."""
        check_token_hashes(token_hashes)
        return await self._repository.read_sessions(set(token_hashes)) if token_hashes else []

    async def sweep(self) -> None:
        """Delete expired sessions, a few at a time, so that no sign-in waits long behind it."""
        deleted = _SWEEP_BATCH
        while deleted == _SWEEP_BATCH:
            deleted = await self._repository.delete_expired_sessions(_SWEEP_BATCH)
            metrics.EXPIRED.inc(deleted)


def hash_of(token: str) -> bytes:
    """What stands for a token everywhere but in its owner's hands."""
    return hashlib.sha256(token.encode()).digest()
