"""Printing: tables for people at a terminal, plain tab-separated lines for pipes, the shop's own JSON for scripts."""

import json
import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice

from cli.errors import contract_expected
from cli.presentation import Block, Record, Table, printable
from cli.transport import Answer

View = Callable[[Answer], Iterator[Block]]


class Output:
    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def show(self, answer: Answer, view: View) -> None:
        if self.as_json:
            self.document(answer)
            return
        print_block = _print_styled if sys.stdout.isatty() else _print_plain
        with contract_expected():
            for block in view(answer):
                print_block(block)

    def document(self, answer: Answer) -> None:
        # Escaping everything beyond ASCII keeps control characters from a terminal here too.
        print(json.dumps(answer, indent=2))

    def hint(self, text: str) -> None:
        """A remark about the output that must not become part of it."""
        if not self.as_json:
            print(printable(text), file=sys.stderr)


def _print_plain(block: Block) -> None:
    match block:
        case Record(fields):
            for name, value in fields.items():
                print(name, printable(value), sep="\t")
        case Table(columns, rows):
            # The first row is fetched before the header is printed: a listing that fails prints an error alone.
            remaining = iter(rows)
            first = list(islice(remaining, 1))
            print(*columns, sep="\t")
            for row in chain(first, remaining):
                print(*map(printable, row), sep="\t")
        case text:
            print(printable(text))


def _print_styled(block: Block) -> None:
    from cli.styles import print_record, print_table

    match block:
        case Record():
            print_record(block)
        case Table():
            print_table(block)
        case text:
            print(printable(text))
