"""The configuration as data: every block of every file, as python-hcl2 reads it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import hcl2  # type: ignore[import-not-found, unused-ignore]  # lives in the checks' own environment

MODULE = Path(__file__).resolve().parents[1]
BLOCK = "__is_block__"

Body = Mapping[str, object]


@dataclass(frozen=True)
class Block:
    """A top-level block, such as `resource "google_redis_instance" "cache"`."""

    kind: str
    labels: tuple[str, ...]
    body: Body

    @property
    def address(self) -> str:
        return ".".join((self.kind, *self.labels))


def parse(text: str) -> Body:
    options = hcl2.SerializationOptions(with_comments=False, strip_string_quotes=True)
    document: Body = hcl2.loads(text, serialization_options=options)
    return document


def blocks(text: str) -> Iterator[Block]:
    for kind, entries in parse(text).items():
        assert isinstance(entries, list), f"{kind} is an argument where only blocks may stand"
        for entry in entries:
            labels, body = labelled(entry)
            yield Block(kind, labels, body)


def labelled(entry: Body) -> tuple[tuple[str, ...], Body]:
    """A labelled block is nested once per label: {"google_x": {"name": body}}."""
    labels: list[str] = []
    while BLOCK not in entry:
        ((label, inner),) = entry.items()
        assert isinstance(inner, Mapping)
        labels.append(label)
        entry = inner
    return tuple(labels), entry


def arguments(body: Body) -> dict[str, object]:
    return {name: value for name, value in body.items() if name != BLOCK and not _holds_blocks(value)}


def nested_blocks(body: Body) -> Iterator[tuple[str, Body]]:
    """Every nested block by name; a dynamic block counts as the block it makes."""
    for name, value in body.items():
        if not _holds_blocks(value):
            continue
        assert isinstance(value, list)
        for labels, inner in map(labelled, value):
            if name == "dynamic":
                yield from ((labels[0], content) for part, content in nested_blocks(inner) if part == "content")
            else:
                yield name, inner


def _holds_blocks(value: object) -> bool:
    """A list of objects is a value and a list of blocks is not; only the marker at the bottom tells them apart."""
    first = value[0] if isinstance(value, list) and value else None
    while isinstance(first, Mapping):
        if BLOCK in first:
            return True
        first = next(iter(first.values()), None)
    return False


def strings(value: object) -> Iterator[str]:
    """Every string in a value, however deep: expressions stand in them as Terraform wrote them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


@cache
def configuration() -> tuple[Block, ...]:
    return tuple(block for file in sorted(MODULE.glob("*.tf")) for block in blocks(file.read_text()))


def of_kind(kind: str, among: Iterable[Block] | None = None) -> list[Block]:
    return [block for block in (configuration() if among is None else among) if block.kind == kind]


def locals_() -> dict[str, object]:
    return {name: value for block in of_kind("locals") for name, value in arguments(block.body).items()}
