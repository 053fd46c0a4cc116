"""Use cases of items: register, change, read, and list a seller's own."""

from collections.abc import Sequence
from typing import Final

from catalog.changes import ItemChange
from catalog.copies import keys_of_items, keys_of_listings
from catalog.domain import Item, NewItem, Page, item_id_of
from catalog.errors import ItemNotFound
from catalog.listing import Listing
from catalog.repository import Repository
from chassis.errors import IdempotencyKeyReused, InvalidField
from chassis.invalidation import Invalidation

MAX_BATCH: Final = 1000
MAX_NEW_ITEMS: Final = 100


class Items:
    def __init__(self, repository: Repository, listing: Listing, invalidation: Invalidation) -> None:
        self._repository = repository
        self._listing = listing
        self._invalidation = invalidation

    async def register(self, new: Sequence[NewItem]) -> list[Item | IdempotencyKeyReused]:
        """One outcome for each, in order: the item, also when the same request made it before, or an error."""
        made = await self._repository.insert_items(new) if new else []
        await self._invalidation.run(keys_of_listings(item for item, _ in made))
        return [
            item if digest is None or digest == asked.digest else IdempotencyKeyReused()
            for asked, (item, digest) in zip(new, made, strict=True)
        ]

    async def update(self, change: ItemChange) -> Item:
        """Change an item once for each request id.

        Raises ItemNotFound, NotItemOwner, ItemChanged, QuantityOutOfRange, IdempotencyKeyReused.
        """
        number = item_id_of(change.item_id)
        if number is None:
            raise ItemNotFound(change.item_id)
        item = await self._repository.change_item(number, change)
        # Also after a replay: the replica that made the change may have died before it came to this.
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
