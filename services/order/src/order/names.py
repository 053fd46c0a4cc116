"""Names of items on orders that were recorded before names were kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from chassis.errors import Refusal
from order.catalog import Catalog, Item
from order.domain import Order, OrderLine

# As many as the catalog looks up at once.
_MAX_IDS: Final = 1000


class Names:
    """Completes orders by what their items are called today. An item that cannot be found is called by its id."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def complete(self, order: Order) -> Order:
        (completed,) = await self.complete_all([order])
        return completed

    async def complete_all(self, orders: Sequence[Order]) -> list[Order]:
        unnamed = {line.item_id for order in orders for line in order.lines if not line.name}
        if not unnamed:
            return list(orders)
        items = await self._find(unnamed)
        return [replace(order, lines=tuple(_named(line, items) for line in order.lines)) for order in orders]

    async def _find(self, item_ids: Iterable[str]) -> dict[str, Item]:
        """Orders are shown also while the catalog is away."""
        found: dict[str, Item] = {}
        remaining = iter(item_ids)
        try:
            while batch := list(islice(remaining, _MAX_IDS)):
                found |= await self._catalog.get_items(batch)
        except Refusal:
            pass
        return found


def _named(line: OrderLine, items: Mapping[str, Item]) -> OrderLine:
    if line.name:
        return line
    item = items.get(line.item_id)
    return replace(line, name=item.name if item else line.item_id)
