"""The types that several requests and answers share."""

import re
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from chassis.money import MAX_TOTAL_CENTS

# Control characters never; what else makes a name, the services decide.
_PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,18}")


class RequestBody(BaseModel):
    """Takes the types of JSON as they are: no number in quotes, no true for 1, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


class QueryParameters(BaseModel):
    """Refuses unknown parameters, since a filter that is misspelt and left out would answer with too much."""

    model_config = ConfigDict(extra="forbid")


def _check_whole_number(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE_NUMBER.fullmatch(value):
        raise ValueError("should be a whole number")
    return value


# Query strings and paths hold text: only digits are a number there, not "5.0" or "1_000".
IN_DIGITS: Final = BeforeValidator(_check_whole_number)

Text = Annotated[str, StringConstraints(pattern=_PRINTABLE)]
# Examples are of what every shop has: a book is item 1, and the shop itself is its seller.
Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_PRINTABLE), Field(examples=["1"])]
SellerId = Annotated[Id, Field(examples=["00000000-0000-0000-0000-000000000000"])]
OrderId = Annotated[Id, Field(description="An order of one's own.", examples=["7f9c24e8-3b1a-5c1e-9a3e-2f1d0b8c6a54"])]
AccountId = Annotated[Id, Field(examples=["0e6fc2b1-6c0c-4d33-9b7a-2f5f9c1b8f10"])]
Quantity = Annotated[int, Field(ge=1, le=1_000_000, examples=[2])]
Stock = Annotated[int, Field(ge=0, le=1_000_000, examples=[100])]
PriceCents = Annotated[int, Field(ge=0, le=1_000_000_000, description="Minor units.", examples=[1999])]
TotalCents = Annotated[int, Field(ge=0, le=MAX_TOTAL_CENTS, description="Minor units.", examples=[3998])]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="ISO 4217.", examples=["USD"])]
Moment = Annotated[datetime, Field(description="RFC 3339, UTC.", examples=["2026-01-31T12:00:00.123456Z"])]


class PageQuery(QueryParameters):
    page_size: Annotated[int, Field(ge=1, le=500), IN_DIGITS] = 50
    page_token: Annotated[
        Text, Field(max_length=512, description="`next_page_token` of an earlier answer to the same request.")
    ] = ""


NextPageToken = Annotated[str, Field(description="Empty on the last page.", examples=[""])]
