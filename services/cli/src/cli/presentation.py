"""What answers look like to people, apart from where they are printed: records, tables, money."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Record:
    """One thing, a line for each of its properties."""

    fields: Mapping[str, object]


@dataclass(frozen=True)
class Table:
    """Many things, a line for each; the rows may still be arriving. Numeric columns are aligned to the right."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    numeric: frozenset[str] = frozenset()


Block = Record | Table | str


def money(cents: int, currency: str = "USD") -> str:
    whole, rest = divmod(cents, 100)
    return f"{whole}.{rest:02d} {currency}"


def printable(value: object) -> str:
    """Text that can do nothing to a terminal: whatever is not a plain visible character is shown as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))
