"""The catalog's items as the catalog's objects. Statements are named in `queries.sql`."""

from collections.abc import Sequence

from asyncpg import Record

from catalog.changes import ItemChange
from catalog.domain import Condition, Item, NewItem
from chassis.idempotency import Request, decide_once
from chassis.postgres import Database, Transaction


class Repository:
    """Items and searches in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Pages of listings take at most half of the connections: checkouts need some too.
        self.max_pages = max(1, database.pool_size // 2)

    async def insert_items(self, new: Sequence[NewItem]) -> list[tuple[Item, bytes | None]]:
        """Store items in one transaction, or find those the same requests stored before. One for each, in order.

        Each comes with the digest of the request that made it; None for an item from before digests were stored.
        """
        # In one order everywhere: batches with the same sellers or requests must not wait in a circle
        # (test_two_batches_of_the_same_sellers_in_opposite_order_never_wait_in_a_circle).
        rows = await self._database.fetchmany("insert_item", [_columns(item) for item in sorted(new, key=_request_key)])
        made = {(row["seller_id"], row["request_id"]): row for row in rows}
        missing = [key for key in map(_request_key, new) if key not in made]
        if missing:
            sellers, requests = zip(*missing, strict=True)
            found = await self._database.fetch("find_registered_items", sellers, requests)
            made |= {(row["seller_id"], row["request_id"]): row for row in found}
        return [(_item(row), row["request_digest"]) for row in (made[_request_key(item)] for item in new)]

    async def change_item(self, number: int, change: ItemChange) -> Item:
        """Return the changed item; as it is now, when the same request changed it before.

        Raises ItemNotFound, NotItemOwner, ItemChanged, QuantityOutOfRange, IdempotencyKeyReused.
        """

        async def decide(transaction: Transaction) -> Item:
            # Locked, so that no sale comes between the decision and the update.
            row = await transaction.fetchrow("lock_item", number)
            item = change.apply_to(_item(row) if row else None)
            changed = await transaction.fetchrow("change_item", number, item.price_cents, item.quantity)
            assert changed is not None
            return _item(changed)

        request = Request((change.seller_id, change.request_id), change.digest)
        return await decide_once(self._database, request, decide) or (await self.get_items([number]))[0]

    async def get_items(self, item_ids: Sequence[int]) -> list[Item]:
        return [_item(row) for row in await self._database.fetch("get_items", item_ids)]

    async def list_seller_items(self, seller_id: str, after_id: int, limit: int) -> list[Item]:
        return [_item(row) for row in await self._database.fetch("list_seller_items", seller_id, after_id, limit)]

    async def search_category(self, category: int, after_id: int, limit: int) -> list[Item]:
        return [_item(row) for row in await self._database.fetch("search_category", category, after_id, limit)]

    async def search_topic(self, topic: str, after_id: int, limit: int) -> list[Item]:
        return [_item(row) for row in await self._database.fetch("search_topic", topic, after_id, limit)]

    async def search_category_keywords(
        self, category: int, keywords: list[str], after: tuple[int, int], limit: int
    ) -> list[tuple[Item, int]]:
        """Items with the number of keywords each matches; `after` is that number and the id of the last one shown."""
        rows = await self._database.fetch("search_category_keywords", category, keywords, *after, limit)
        return [(_item(row), row["matches"]) for row in rows]

    async def search_filters(self, category: int | None, topic: str | None, after_id: int, limit: int) -> list[Item]:
        async with self._database.transaction() as transaction:
            await transaction.execute("plan_for_values")
            rows = await transaction.fetch("search_filters", category, topic, after_id, limit)
        return [_item(row) for row in rows]

    async def search_text(
        self, category: int | None, topic: str | None, text: str, after_id: int, limit: int
    ) -> list[Item]:
        async with self._database.transaction() as transaction:
            await transaction.execute("plan_for_values")
            rows = await transaction.fetch("search_text", category, topic, text, after_id, limit)
        return [_item(row) for row in rows]

    async def search_filters_keywords(
        self,
        filters: tuple[int | None, str | None, str | None],
        keywords: list[str],
        after: tuple[int, int],
        limit: int,
    ) -> list[tuple[Item, int]]:
        """As `search_category_keywords`; `filters` are category, topic and text."""
        async with self._database.transaction() as transaction:
            await transaction.execute("plan_for_values")
            rows = await transaction.fetch("search_filters_keywords", *filters, keywords, *after, limit)
        return [(_item(row), row["matches"]) for row in rows]

    async def page_token_key(self) -> bytes:
        row = await self._database.fetchrow("page_token_key")
        assert row is not None
        return bytes(row["key"])


def _request_key(new: NewItem) -> tuple[str, str]:
    """What a request to register is known by."""
    return new.seller_id, new.request_id


def _columns(new: NewItem) -> tuple[object, ...]:
    return (
        new.seller_id,
        new.request_id,
        new.name,
        new.category,
        list(new.keywords),
        new.search_keywords,
        new.condition.value,
        new.price_cents,
        new.currency,
        new.quantity,
        new.digest,
    )


def _item(row: Record) -> Item:
    return Item(
        row["id"],
        row["name"],
        row["category"],
        row["keywords"],
        Condition(row["condition"]),
        row["price_cents"],
        row["currency"],
        row["quantity"],
        row["seller_id"],
        row["topic"],
        row["created_at"],
        row["version"],
    )
