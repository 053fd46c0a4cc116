"""Items and what may be said of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from chassis.digest import digest_of
from chassis.errors import InvalidField
from chassis.money import check_currency, check_price_cents

MAX_NAME_LENGTH: Final = 32
MAX_CATEGORY: Final = 999
MAX_KEYWORDS: Final = 5
MAX_KEYWORD_LENGTH: Final = 8
MAX_QUANTITY: Final = 1_000_000
MAX_TEXT_LENGTH: Final = 200
MAX_REQUEST_ID_LENGTH: Final = 200
MAX_ITEM_ID: Final = 2**63 - 1


class Condition(StrEnum):
    NEW = "new"
    USED = "used"


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item as a seller describes it; raises InvalidField for what is not allowed."""

    seller_id: str
    request_id: str
    name: str
    category: int
    keywords: tuple[str, ...]
    condition: Condition
    price_cents: int
    currency: str
    quantity: int

    def __post_init__(self) -> None:
        check_request_id(self.request_id)
        check_text("name", self.name, MAX_NAME_LENGTH)
        check_category(self.category)
        check_keywords("keywords", self.keywords)
        check_price_cents(self.price_cents)
        check_currency(self.currency)
        check_quantity(self.quantity)

    @property
    def search_keywords(self) -> list[str]:
        return folded(self.keywords)

    @property
    def digest(self) -> bytes:
        return digest_of(
            self.name,
            self.category,
            self.keywords,
            self.condition,
            self.price_cents,
            self.currency,
            self.quantity,
        )


@dataclass(frozen=True, slots=True)
class Item:
    item_id: int
    name: str
    category: int
    keywords: list[str]
    condition: Condition
    price_cents: int
    currency: str
    quantity: int
    seller_id: str
    topic: str | None
    created_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; the token is empty on the last one."""

    items: list[Item]
    next_page_token: str


def folded(keywords: tuple[str, ...]) -> list[str]:
    """Keywords as they are compared: without regard to case, each once."""
    return sorted({keyword.casefold() for keyword in keywords})


def item_id_of(text: str) -> int | None:
    """The number behind an opaque item id; None for text that never was one."""
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_ITEM_ID)):
        return None
    number = int(text)
    # One item has one id: "01" is not "1".
    return number if str(number) == text and number <= MAX_ITEM_ID else None


def check_text(field: str, value: str, max_length: int) -> None:
    if not 1 <= len(value) <= max_length:
        raise InvalidField(field, f"must have 1 to {max_length} characters")
    if not value.isprintable() or value.isspace():
        raise InvalidField(field, "must be printable text")


def check_request_id(value: str) -> None:
    check_text("request_id", value, MAX_REQUEST_ID_LENGTH)


def check_category(category: int) -> None:
    if not 0 <= category <= MAX_CATEGORY:
        raise InvalidField("category", f"must be from 0 to {MAX_CATEGORY}")


def check_keywords(field: str, keywords: tuple[str, ...]) -> None:
    if len(keywords) > MAX_KEYWORDS:
        raise InvalidField(field, f"must be at most {MAX_KEYWORDS}")
    for keyword in keywords:
        check_text(field, keyword, MAX_KEYWORD_LENGTH)


def check_quantity(quantity: int) -> None:
    if not 0 <= quantity <= MAX_QUANTITY:
        raise InvalidField("quantity", f"must be from 0 to {MAX_QUANTITY}")
