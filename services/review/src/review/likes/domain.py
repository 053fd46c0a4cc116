"""Votes on albums and their counts."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

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
