"""Feedback and ratings, and what may be said of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chassis.digest import digest_of
from chassis.errors import InvalidField

MAX_REQUEST_ID_LENGTH: Final = 200
MAX_ID_LENGTH: Final = 100
MAX_SELLERS: Final = 1000


class Vote(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class NewFeedback:
    """A vote as a buyer casts it; raises InvalidField for what is not allowed."""

    request_id: str
    buyer_id: str
    item_id: str
    vote: Vote

    def __post_init__(self) -> None:
        check_text("request_id", self.request_id, MAX_REQUEST_ID_LENGTH)
        check_text("buyer_id", self.buyer_id, MAX_ID_LENGTH)
        check_text("item_id", self.item_id, MAX_ID_LENGTH)

    @property
    def digest(self) -> bytes:
        return digest_of(self.item_id, self.vote)


@dataclass(frozen=True, slots=True)
class SellerRating:
    seller_id: str
    thumbs_up: int
    thumbs_down: int


def check_text(field: str, value: str, max_length: int) -> None:
    if not 1 <= len(value) <= max_length:
        raise InvalidField(field, f"must have 1 to {max_length} characters")
    if not value.isprintable():
        raise InvalidField(field, "must have no control or invisible characters")


def could_be_id(value: str) -> bool:
    """Whether anything may have this id. Look-ups of many ids go on without the others, which have no votes."""
    return 1 <= len(value) <= MAX_ID_LENGTH and value.isprintable()
