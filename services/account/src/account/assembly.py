"""Puts the account service together on its stores, wherever they come from."""

from account.accounts import Accounts
from account.attempts import AttemptLimits, Attempts
from account.passwords import Passwords
from account.repository import Repository
from account.servicer import AccountServicer
from account.sessions import Sessions
from account.token_buckets import Buckets


def assemble(
    repository: Repository, buckets: Buckets, limits: AttemptLimits, sessions_type: type[Sessions] = Sessions
) -> tuple[AccountServicer, Sessions]:
    """The servicer, and the sessions it serves."""
    passwords = Passwords()
    attempts = Attempts(buckets, limits)
    sessions = sessions_type(repository, passwords, attempts)
    return AccountServicer(Accounts(repository, passwords, attempts), sessions), sessions
