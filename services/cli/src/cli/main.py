"""The entry point: reads the command line, runs one command and turns its failure into a message and an exit code."""

import io
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import closing

from cli.arguments import DEFAULT_URL, PROGRAM, Commands, shared_options
from cli.commands import accounts, books, cart, items, orders, ratings, search
from cli.errors import CommandFailed
from cli.local_mesh import url_of_local_mesh
from cli.output import Output
from cli.presentation import printable
from cli.sessions import session_file, session_from
from cli.transport import connect, normalised
from cli.visit import Visit

INTERRUPTED = 130
READER_LEFT = 141


def main(argv: Sequence[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")
        code = _run(words)
        sys.stdout.flush()
    except CommandFailed as failure:
        for line in (f"agora: {failure}", *getattr(failure, "__notes__", ())):
            print(printable(line), file=sys.stderr)
        return failure.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes stdout once more at exit, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    return code


def _run(words: Sequence[str]) -> int:
    first_word = _first_word(words)
    arguments = _parser_for(first_word).parse_args(words, Namespace(url=None, json=False))
    if first_word == "mesh":
        return int(arguments.run(arguments))
    url = normalised(arguments.url or os.environ.get("AGORA_URL") or url_of_local_mesh(os.environ) or DEFAULT_URL)
    sessions = session_file(os.environ)
    session = session_from(os.environ) or sessions.session(url)
    with closing(connect(url, session.token if session else None)) as shop:
        arguments.run(arguments, Visit(url, shop, session, sessions, Output(as_json=arguments.json)))
    return 0


def _first_word(words: Sequence[str]) -> str | None:
    _, rest = shared_options().parse_known_args(words)
    return rest[0] if rest else None


def _parser_for(first_word: str | None) -> ArgumentParser:
    parser = ArgumentParser(
        prog=PROGRAM,
        description="The shop, and its mesh on this machine.",
        parents=[shared_options()],
        allow_abbrev=False,
    )
    commands = Commands(parser)
    for module in (search, books, accounts, items, cart, orders, ratings):
        module.add_commands(commands)
    if first_word not in commands:
        # Shop commands must not pay for importing the mesh; help and complaints must know of it.
        from localmesh.commands import add_parser

        commands.delegate(add_parser)
    return parser
