"""Named SQL. A service keeps every query in one `queries.sql`; the name is also that of its span and its metric.

A query starts with a line `-- its_name --`; comment lines and the SQL follow up to the next such line.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Final

_HEADING: Final = re.compile(r"^-- (.+) --$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Queries(Mapping[str, str]):
    """The queries of one package by name."""

    def __init__(self, sql: str) -> None:
        head, *parts = _HEADING.split(sql)
        names, bodies = parts[::2], parts[1::2]
        if len(set(names)) != len(names):
            raise ValueError("a query name is used twice")
        if _has_sql(head):
            raise ValueError("SQL before the first query name")
        for name, body in zip(names, bodies, strict=True):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is not a query name")
            if not _has_sql(body):
                raise ValueError(f"the query {name!r} has no SQL")
        self._by_name = {name: body.strip() for name, body in zip(names, bodies, strict=True)}

    @classmethod
    def of_package(cls, package: str) -> "Queries":
        """Load `queries.sql` of an import package."""
        return cls(files(package).joinpath("queries.sql").read_text("utf-8"))

    def __getitem__(self, name: str) -> str:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)


def _has_sql(text: str) -> bool:
    return any(line.strip() and not line.startswith("--") for line in text.splitlines())
