"""Votes on albums and their counts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chassis.errors import InvalidField
from review.domain import MAX_ID_LENGTH, check_text

MAX_ALBUMS: Final = 1000


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote; raises InvalidField for what is not allowed."""

    vote_id: UUID
    album_id: str
    likes: bool

    def __post_init__(self) -> None:
        check_text("album_id", self.album_id, MAX_ID_LENGTH)


@dataclass(frozen=True, slots=True)
class LikeCounts:
    album_id: str
    likes: int
    dislikes: int


def check_album_ids(album_ids: Collection[str]) -> None:
    if len(album_ids) > MAX_ALBUMS:
        raise InvalidField("album_ids", f"must be at most {MAX_ALBUMS}")
    for album_id in album_ids:
        check_text("album_ids", album_id, MAX_ID_LENGTH)
