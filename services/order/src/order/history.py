"""Use cases of orders that stand: one, a buyer's list, and whether a buyer bought an item."""

from typing import Final
from uuid import UUID

from chassis.fair_queue import FairQueue, Lane
from chassis.pagination import PageTokens, page_size
from order.domain import Order, OrderPage
from order.errors import HistoryBusy, OrderNotFound, PurchaseNotFound
from order.names import Names
from order.repository import Repository

_NEWEST: Final = 2**63 - 1
_MAX_WAITING: Final = 256


class History:
    def __init__(self, repository: Repository, names: Names) -> None:
        self._repository = repository
        self._names = names
        self._tokens: PageTokens | None = None
        self._pages = FairQueue("history", repository.max_pages, _MAX_WAITING, HistoryBusy)

    async def get(self, buyer_id: str, order_id: str) -> Order:
        """Raises OrderNotFound, for other buyers' orders too."""
        try:
            order = await self._repository.get_order(UUID(order_id))
        except ValueError:
            raise OrderNotFound from None
        if order is None or order.buyer_id != buyer_id:
            raise OrderNotFound
        return await self._names.complete(order)

    async def page(self, buyer_id: str, requested_size: int, page_token: str) -> OrderPage:
        """Newest first. Raises InvalidField, InvalidPageToken, HistoryBusy."""
        size = page_size(requested_size)
        tokens = await self._page_tokens()
        listing = f"orders:{buyer_id}"
        before = tokens.read(listing, page_token, 1) or [_NEWEST]
        async with self._pages.turn(Lane(buyer_id)):
            found = await self._repository.list_orders(buyer_id, before[0], size + 1)
        orders = await self._names.complete_all([order for order, _ in found[:size]])
        return OrderPage(orders, tokens.write(listing, [found[size - 1][1]]) if len(found) > size else "")

    async def seller_of_purchase(self, buyer_id: str, item_id: str) -> str:
        """Who sold the item to the buyer. Raises PurchaseNotFound."""
        seller_id = await self._repository.find_seller(buyer_id, item_id)
        if seller_id is None:
            raise PurchaseNotFound
        return seller_id

    async def _page_tokens(self) -> PageTokens:
        if self._tokens is None:
            self._tokens = PageTokens(await self._repository.page_token_key())
        return self._tokens
