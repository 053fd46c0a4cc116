"""Items, searches and seller ratings."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from gateway.schemas.types import (
    IN_DIGITS,
    Currency,
    Id,
    Moment,
    NextPageToken,
    PageQuery,
    PriceCents,
    RequestBody,
    SellerId,
    Stock,
    Text,
)

Category = Annotated[int, Field(ge=0, le=999, examples=[3])]
Keyword = Annotated[Text, Field(min_length=1, max_length=8, examples=["red"])]
Condition = Annotated[Literal["new", "used"], Field(examples=["new"])]


class NewItem(RequestBody):
    name: Annotated[Text, Field(min_length=1, max_length=32, examples=["Desk lamp"])]
    category: Category
    keywords: Annotated[list[Keyword], Field(max_length=5, examples=[["red", "lamp"]])]
    condition: Condition
    price_cents: PriceCents
    quantity: Stock
    currency: Currency = "USD"


class ItemChange(RequestBody):
    """What to set; what is left out stays as it is. Of `quantity` and `quantity_delta`, one may be given."""

    price_cents: PriceCents | None = None
    quantity: Stock | None = None
    quantity_delta: Annotated[
        int | None,
        Field(
            ge=-1_000_000,
            le=1_000_000,
            description="Units to add to what is left by then, or to take from it.",
            examples=[25],
        ),
    ] = None


class Item(BaseModel):
    item_id: Id
    name: Annotated[str, Field(examples=["Desk lamp"])]
    category: Category
    keywords: Annotated[list[str], Field(examples=[["red", "lamp"]])]
    condition: Condition
    price_cents: PriceCents
    currency: Currency
    quantity: Stock
    seller_id: SellerId
    created_at: Moment
    version: Annotated[int, Field(description="Grows with every change.", examples=[1])]


class ItemPage(BaseModel):
    items: list[Item]
    next_page_token: NextPageToken


class SearchQuery(PageQuery):
    category: Annotated[Category | None, IN_DIGITS] = None
    keywords: Annotated[
        list[Keyword],
        Field(
            default_factory=list,
            alias="keyword",
            max_length=5,
            description="Any of these; items that match more of them come first.",
        ),
    ]
    topic: Annotated[Text, Field(max_length=100)] = ""
    text: Annotated[Text, Field(alias="q", max_length=200, description="Words that the name must all have.")] = ""


class Rating(BaseModel):
    seller_id: SellerId
    thumbs_up: Annotated[int, Field(ge=0, examples=[12])]
    thumbs_down: Annotated[int, Field(ge=0, examples=[1])]
