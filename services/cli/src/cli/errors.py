"""Why a command fails. Each failure is one line for stderr, its notes are further lines, and it knows its exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class CommandFailed(Exception):
    """A failure people can act upon; `undecided` when what was asked for may have happened all the same."""

    exit_code: ClassVar[int] = 1
    undecided: bool = False


class Refused(CommandFailed):
    """The shop said no."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.undecided = status >= 500


class SessionsUnusable(CommandFailed):
    """The file of session tokens cannot be read or written."""


class WrongUsage(CommandFailed):
    """The command line or the environment asks for something that cannot be."""

    exit_code = 2


class Unreachable(CommandFailed):
    """Nobody answered, or whoever did is not the shop."""

    exit_code = 3


class AnswerLost(Unreachable):
    """The request may have arrived, but its answer did not."""

    undecided = True


class NotTheShop(Unreachable):
    """Something answered that does not keep the shop's contract."""

    undecided = True


@contextmanager
def contract_expected() -> Iterator[None]:
    """Around code that reads an answer as the contract describes it: what is missing or misshapen is not the shop's."""
    try:
        yield
    except (AttributeError, LookupError, TypeError, ValueError) as cause:
        raise NotTheShop(f"the answer is not one of the shop's ({type(cause).__name__}: {cause})") from cause
