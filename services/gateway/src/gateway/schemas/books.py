"""The bookstore of the seeds, with the names they chose."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.schemas.types import IN_DIGITS, Moment, QueryParameters, RequestBody, Stock, Text

BookNumber = Annotated[int, Field(ge=0, lt=10**18, examples=[1]), IN_DIGITS]
Topic = Annotated[str, Field(examples=["distributed systems"])]
Cost = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False, description="Dollars.", examples=[30.0])]


class BookQuery(QueryParameters):
    topic: Annotated[Text, Field(max_length=100, description="All books when left out.")] = ""


class BookTitle(BaseModel):
    id: Annotated[int, Field(examples=[2])]
    title: Annotated[str, Field(examples=["RPCs for Dummies"])]


class Book(BookTitle):
    topic: Topic
    cost: Cost
    count: Stock


class BookChange(RequestBody):
    """What to set; what is left out stays as it is. The cost is rounded to whole cents."""

    count: Stock | None = None
    cost: Cost | None = None


class Purchase(BaseModel):
    order_id: Annotated[str, Field(alias="OrderId", examples=["7f9c24e8-3b1a-5c1e-9a3e-2f1d0b8c6a54"])]
    order_status: Annotated[Literal["Success"], Field(alias="Order status")]
    id: Annotated[int, Field(alias="ID", examples=[2])]
    date: Annotated[Moment, Field(alias="Date")]
