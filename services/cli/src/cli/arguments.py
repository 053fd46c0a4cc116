"""The command line: what all shop commands accept, the kinds of values, and how commands are added and grouped."""

import re
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from typing import Any, Final

from cli.visit import Visit

PROGRAM: Final = "agora"
DEFAULT_URL: Final = "http://127.0.0.1:8080"

Run = Callable[[Namespace, Visit], None]


class Commands:
    """The subcommands of one parser."""

    def __init__(self, parser: ArgumentParser) -> None:
        self._choices: Any = parser.add_subparsers(metavar="COMMAND", required=True)

    def __contains__(self, name: object) -> bool:
        return name in self._choices.choices

    def add(self, name: str, run: Run, purpose: str) -> ArgumentParser:
        parser = self._parser(name, purpose)
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, purpose: str) -> "Commands":
        return Commands(self._parser(name, purpose))

    def delegate(self, add_parser: Callable[[Any], None]) -> None:
        """Let another package add a command of its own."""
        add_parser(self._choices)

    def _parser(self, name: str, purpose: str) -> ArgumentParser:
        parser: ArgumentParser = self._choices.add_parser(
            name,
            help=purpose,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            parents=[shared_options()],
            allow_abbrev=False,
        )
        return parser


def shared_options() -> ArgumentParser:
    """Accepted before and after the name of a command, so a parser that was not given one must leave no default."""
    parser = ArgumentParser(prog=PROGRAM, add_help=False, argument_default=SUPPRESS, allow_abbrev=False)
    parser.add_argument("--url", help=f"URL of the shop; default: AGORA_URL, the mesh of this directory, {DEFAULT_URL}")
    parser.add_argument("--json", action="store_true", help="print the shop's own JSON instead of tables")
    return parser


def whole_number(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def quantity_or_delta(text: str) -> dict[str, int]:
    """The field of a change of an item: 100 is a new quantity, +25 and -5 are relative to what is left."""
    if text.startswith(("+", "-")):
        sign = -1 if text[0] == "-" else 1
        return {"quantity_delta": sign * whole_number(text[1:])}
    return {"quantity": whole_number(text)}


def count(text: str) -> int:
    number = whole_number(text)
    if number == 0:
        raise ArgumentTypeError("at least 1 is needed")
    return number


def cents(text: str) -> int:
    """Minor units of an amount such as 12.50, never through a float."""
    amount = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?", text)
    if not amount:
        raise ArgumentTypeError(f"{text!r} is not an amount like 12.50")
    whole, fraction = amount.groups(default="")
    return int(whole) * 100 + int(fraction.ljust(2, "0"))


def identifier(text: str) -> str:
    """An id that stays one segment of a URL's path."""
    if text in ("", ".", ".."):
        raise ArgumentTypeError(f"{text!r} is not an id")
    return text


def idempotency_key(text: str) -> str:
    if not re.fullmatch(r"[!-~]{1,200}", text):
        raise ArgumentTypeError("a key is 1 to 200 visible ASCII characters")
    return text
