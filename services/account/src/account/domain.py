"""Accounts and sessions, and what may be said of them.

Usernames are compared exactly: `Ann` and `ann` are two people.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from chassis.digest import digest_of
from chassis.errors import InvalidField

MAX_USERNAME_LENGTH: Final = 64
MIN_PASSWORD_LENGTH: Final = 8
MAX_PASSWORD_LENGTH: Final = 256
MAX_REQUEST_ID_LENGTH: Final = 200
TOKEN_HASH_BYTES: Final = 32
MAX_TOKEN_HASHES: Final = 1000

SESSION_LIFETIME: Final = timedelta(minutes=30)
# Requests move the end of a session at most this often, so a session may end up to a minute early: that is better than
# a write with each request (see test_a_session_is_written_at_most_once_a_minute).
SESSION_RENEWAL_INTERVAL: Final = timedelta(minutes=1)

# Stored in place of a hash for an account that nobody can sign in to.
UNUSABLE_HASH: Final = "!"


class Role(StrEnum):
    BUYER = "buyer"
    SELLER = "seller"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as its owner asks for it; raises InvalidField for what is not allowed."""

    request_id: str
    username: str
    password: str = field(repr=False)
    role: Role

    def __post_init__(self) -> None:
        check_text("request_id", self.request_id, MAX_REQUEST_ID_LENGTH)
        check_username(self.username)
        check_password(self.password)

    @property
    def digest(self) -> bytes:
        """Without the password, which a repetition is verified with instead."""
        return digest_of(self.username, self.role)


@dataclass(frozen=True, slots=True)
class Account:
    account_id: str
    username: str
    role: Role


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with what its password is checked against."""

    account: Account
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    session_id: str
    account_id: str
    role: Role
    token_hash: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime


def check_text(field: str, value: str, max_length: int) -> None:
    if not 1 <= len(value) <= max_length:
        raise InvalidField(field, f"must have 1 to {max_length} characters")
    if not value.isprintable():
        raise InvalidField(field, "must have no control or invisible characters")


def check_username(username: str) -> None:
    check_text("username", username, MAX_USERNAME_LENGTH)
    if username != username.strip():
        raise InvalidField("username", "must not begin or end with a space")


def check_password(password: str) -> None:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise InvalidField("password", f"must have {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters")


def check_token_hash(field: str, token_hash: bytes) -> None:
    if len(token_hash) != TOKEN_HASH_BYTES:
        raise InvalidField(field, f"must be a SHA-256 of {TOKEN_HASH_BYTES} bytes")


def check_token_hashes(token_hashes: Collection[bytes]) -> None:
    if len(token_hashes) > MAX_TOKEN_HASHES:
        raise InvalidField("token_hashes", f"must be at most {MAX_TOKEN_HASHES}")
    for token_hash in token_hashes:
        check_token_hash("token_hashes", token_hash)


def could_sign_in(username: str, password: str) -> bool:
    """Whether there can be an account with such a username and password at all."""
    try:
        check_username(username)
        check_password(password)
    except InvalidField:
        return False
    return True
