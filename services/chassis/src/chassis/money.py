"""Money: whole minor units with an ISO 4217 code, never a fraction."""

import re
from typing import Final

from chassis.errors import InvalidField

DEFAULT_CURRENCY: Final = "USD"
# Keeps the total of a full order, 100 lines of 1,000,000 units, well inside 64 bits.
MAX_PRICE_CENTS: Final = 1_000_000_000
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def check_price_cents(price_cents: int) -> None:
    if not 0 <= price_cents <= MAX_PRICE_CENTS:
        raise InvalidField("price_cents", f"must be from 0 to {MAX_PRICE_CENTS}")


def check_currency(currency: str) -> None:
    if not _CURRENCY.fullmatch(currency):
        raise InvalidField("currency", "must be three capital letters, like USD")
