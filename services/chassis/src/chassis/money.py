"""Money: whole minor units with an ISO 4217 code, never a fraction."""

import re
from typing import Final

from chassis.errors import InvalidField

DEFAULT_CURRENCY: Final = "USD"
MAX_PRICE_CENTS: Final = 1_000_000_000
# The greatest integer that every reader of JSON takes exactly.
MAX_TOTAL_CENTS: Final = 2**53 - 1
# Of one cart or order. Whatever its items cost, now or later, its total is never above MAX_TOTAL_CENTS.
MAX_UNITS: Final = MAX_TOTAL_CENTS // MAX_PRICE_CENTS
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


def check_price_cents(price_cents: int) -> None:
    if not 0 <= price_cents <= MAX_PRICE_CENTS:
        raise InvalidField("price_cents", f"must be from 0 to {MAX_PRICE_CENTS}")


def check_currency(currency: str) -> None:
    if not _CURRENCY.fullmatch(currency):
        raise InvalidField("currency", "must be three capital letters, like USD")
