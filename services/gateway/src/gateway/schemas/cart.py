"""Carts."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.schemas.types import (
    IN_DIGITS,
    Currency,
    Id,
    PriceCents,
    Quantity,
    QueryParameters,
    RequestBody,
    TotalCents,
)


class NewCartItem(RequestBody):
    item_id: Id
    quantity: Quantity


class CartItemRemoval(QueryParameters):
    quantity: Annotated[Quantity | None, IN_DIGITS, Field(description="Units to take out; all when left out.")] = None


class CartLine(BaseModel):
    item_id: Id
    quantity: Quantity
    name: Annotated[str, Field(examples=["Desk lamp"])]
    price_cents: PriceCents
    currency: Currency


class Cart(BaseModel):
    lines: list[CartLine]
    total_cents: TotalCents
