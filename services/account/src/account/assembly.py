"""Puts the account service together on its stores, wherever they come from."""

from account.accounts import Accounts
from account.attempts import AttemptLimits, Attempts
from account.passwords import Passwords
from account.repository import Repository
from account.servicer import AccountServicer
from account.session_cache import SessionCache
from account.sessions import Sessions
from account.token_buckets import Buckets


def assemble(
    repository: Repository, cache: SessionCache, buckets: Buckets, limits: AttemptLimits
) -> tuple[AccountServicer, Sessions]:
    """The servicer, and the sessions it serves."""
    passwords = Passwords()
    attempts = Attempts(buckets, limits)
    sessions = Sessions(repository, passwords, attempts, cache)
    return AccountServicer(Accounts(repository, passwords, attempts), sessions), sessions
