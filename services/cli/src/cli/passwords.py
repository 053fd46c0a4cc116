"""Where names and passwords come from when they are not on the command line, where a password never is."""

import os
import sys
from argparse import ArgumentParser, Namespace

from cli.errors import WrongUsage


def add_credentials(parser: ArgumentParser) -> None:
    parser.add_argument("--username", help="asked for when left out at a terminal")
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input; else AGORA_PASSWORD, else it is asked for",
    )


def read_username(arguments: Namespace) -> str:
    if arguments.username:
        return str(arguments.username)
    if not sys.stdin.isatty():
        raise WrongUsage("--username is needed")
    print("Username: ", end="", file=sys.stderr, flush=True)
    return _line()


def read_password(arguments: Namespace, *, twice: bool = False) -> str:
    from_environment = os.environ.get("AGORA_PASSWORD")
    if from_environment and not arguments.password_stdin:
        return from_environment
    password = _asked(twice=twice) if sys.stdin.isatty() and not arguments.password_stdin else _line()
    if not password:
        raise WrongUsage("a password is needed: at the prompt, on standard input or in AGORA_PASSWORD")
    return password


def _asked(*, twice: bool) -> str:
    from getpass import getpass

    password = getpass()
    if twice and getpass("Password again: ") != password:
        raise WrongUsage("the two passwords differ")
    return password


def _line() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError as cause:
        raise WrongUsage("standard input is not valid UTF-8") from cause
