"""Use cases of items: register, change, read, and list a seller's own."""

from collections.abc import Sequence
from typing import Final

from catalog.copies import keys_of_items, keys_of_listings
from catalog.domain import Item, NewItem, Page, check_quantity, item_id_of
from catalog.errors import ItemNotFound, NotItemOwner
from catalog.listing import Listing
from catalog.repository import Repository
from chassis.errors import InvalidField
from chassis.invalidation import Invalidation
from chassis.money import check_price_cents

MAX_BATCH: Final = 1000
MAX_NEW_ITEMS: Final = 100


class Items:
    def __init__(self, repository: Repository, listing: Listing, invalidation: Invalidation) -> None:
        self._repository = repository
        self._listing = listing
        self._invalidation = invalidation

    async def register(self, new: Sequence[NewItem]) -> list[Item]:
        """One item for each, in order; the one that is there already when its request was made before."""
        items = await self._repository.insert_items(new) if new else []
        await self._invalidation.run(keys_of_listings(items))
        return items

    async def update(self, item_id: str, seller_id: str, price_cents: int | None, quantity: int | None) -> Item:
        """Set price or quantity. Raises ItemNotFound, NotItemOwner, InvalidField."""
        if price_cents is not None:
            check_price_cents(price_cents)
        if quantity is not None:
            check_quantity(quantity)
        number = item_id_of(item_id)
        if number is None:
            raise ItemNotFound(item_id)
        item = await self._repository.update_item(number, seller_id, price_cents, quantity)
        if item is None:
            raise NotItemOwner if await self._repository.get_items([number]) else ItemNotFound(item_id)
        await self._invalidation.run(keys_of_items([number]))
        return item

    async def get(self, item_ids: Sequence[str]) -> list[Item]:
        """Those that exist, in no particular order."""
        if len(item_ids) > MAX_BATCH:
            raise InvalidField("item_ids", f"must be at most {MAX_BATCH}")
        numbers = [number for number in map(item_id_of, item_ids) if number is not None]
        return await self._repository.get_items(numbers)

    async def list_of_seller(self, seller_id: str, page_size: int, page_token: str) -> Page:
        async def rows(after: list[int], limit: int) -> list[tuple[Item, list[int]]]:
            items = await self._repository.list_seller_items(seller_id, after[0], limit)
            return [(item, [item.item_id]) for item in items]

        return await self._listing.page(f"seller:{seller_id}", page_size, page_token, first=[0], rows=rows)
