"""Carts."""

from typing import Annotated

from pydantic import BaseModel, Field

from gateway.schemas.types import (
    Currency,
    Id,
    PriceCents,
    Quantity,
    QueryParameters,
    RequestBody,
    TotalCents,
    WholeNumber,
)


class NewCartItem(RequestBody):
    item_id: Id
    quantity: Quantity


class CartItemRemoval(QueryParameters):
    quantity: Annotated[
        WholeNumber | None, Field(ge=1, le=1_000_000, description="Units to take out; all when left out.")
    ] = None


class CartLine(BaseModel):
    item_id: Id
    quantity: Quantity
    name: Annotated[str, Field(examples=["Desk lamp"])]
    price_cents: PriceCents
    currency: Currency


class Cart(BaseModel):
    lines: list[CartLine]
    total_cents: TotalCents
