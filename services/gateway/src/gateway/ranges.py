"""Conditional and partial requests for something that never changes (RFC 9110, 13 and 14)."""

import re
from typing import Final, NamedTuple

from starlette.datastructures import Headers

_RANGE: Final = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.IGNORECASE)


class Span(NamedTuple):
    """Bytes from `start` up to and without `end`; empty when the one asked for lies outside."""

    start: int
    end: int


def has_copy(headers: Headers, etag: str) -> bool:
    """Whether who asks has it already."""
    given = headers.get("if-none-match", "")
    return given.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in given.split(","))


def span_of(headers: Headers, etag: str, size: int) -> Span | None:
    """The one range that is asked for; None for all of it, as for several ranges or for what is no range."""
    asked = _RANGE.fullmatch(headers.get("range", ""))
    if not asked or headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if first:
        end = min(size, int(last) + 1) if last else size
        # A range that ends before it begins is none.
        return None if last and int(last) < int(first) else Span(int(first), end)
    return Span(max(0, size - int(last)), size) if last else None
