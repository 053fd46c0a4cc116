"""Versions of items as entity tags (RFC 9110, 8.8.3 and 13.1.1)."""

import re
from typing import Final

from agora.catalog.v1.catalog_pb2 import Item

_VERSION: Final = re.compile(r'"([0-9]{1,18})"')
# The version of no item.
_NONE: Final = 0


def etag_of(item: Item) -> str:
    return f'"{item.version}"'


def expected_versions(if_match: str | None) -> list[int]:
    """Return the versions that the header allows; an empty list when any is allowed, as for `*` and no header."""
    if if_match is None or if_match == "*":
        return []
    tags = (_VERSION.fullmatch(tag.strip()) for tag in if_match.split(","))
    return [int(tag[1]) for tag in tags if tag is not None] or [_NONE]
