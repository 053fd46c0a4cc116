"""Orders."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.schemas.types import (
    Currency,
    Id,
    Moment,
    NextPageToken,
    OrderId,
    PriceCents,
    Quantity,
    RequestBody,
    TotalCents,
)


class Line(RequestBody):
    item_id: Id
    quantity: Quantity


class NewOrder(RequestBody):
    lines: Annotated[
        list[Line] | None, Field(min_length=1, max_length=100, description="What to buy; the cart when left out.")
    ] = None


class OrderLine(BaseModel):
    item_id: Id
    quantity: Quantity
    name: Annotated[str, Field(description="As the item was called when it was bought.", examples=["Desk lamp"])]
    price_cents: PriceCents


class Order(BaseModel):
    order_id: OrderId
    state: Literal["CONFIRMED"]
    lines: list[OrderLine]
    total_cents: TotalCents
    currency: Currency
    created_at: Moment


class OrderPage(BaseModel):
    orders: list[Order]
    next_page_token: NextPageToken
