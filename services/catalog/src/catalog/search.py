"""Search: every given filter holds; with keywords, items that match more of them come first."""

import json
from dataclasses import asdict, dataclass
from typing import Final

from catalog.domain import MAX_TEXT_LENGTH, Item, Page, check_category, check_keywords, check_text, folded
from catalog.errors import SearchesBusy
from catalog.listing import Listing, Rows
from catalog.repository import Repository
from chassis.fair_queue import FairQueue

# A search for keywords or words may read every item, on a core of PostgreSQL of its own. With more at a time, orders
# wait for them (see test_searches_leave_orders_alone).
_MAX_SCANS: Final = 2
_MAX_WAITING: Final = 512
_FIRST: Final = [0]
# More matches than there can be keywords: a position before every item.
_FIRST_BY_MATCHES: Final = [100, 0]


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """What is searched for; None and empty do not restrict. Raises InvalidField for what is not allowed."""

    category: int | None = None
    keywords: tuple[str, ...] = ()
    topic: str | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if self.category is not None:
            check_category(self.category)
        check_keywords("keyword", self.keywords)
        for field, value in (("topic", self.topic), ("q", self.text)):
            if value is not None:
                check_text(field, value, MAX_TEXT_LENGTH)

    @property
    def may_scan(self) -> bool:
        """Whether far more items may have to be read than are shown; a category is read by its index."""
        return bool(self.text or (self.keywords and self.category is None))

    @property
    def name(self) -> str:
        """Names the listing, so that a page token of one search is refused by another."""
        return "search:" + json.dumps(asdict(self))


class Search:
    def __init__(self, repository: Repository, listing: Listing) -> None:
        self._repository = repository
        self._listing = listing
        self._scans = FairQueue("searches", _MAX_SCANS, _MAX_WAITING, SearchesBusy)

    async def page(self, filters: SearchFilters, page_size: int, page_token: str) -> Page:
        """One page. Raises InvalidField, InvalidPageToken, SearchesBusy."""
        first = _FIRST_BY_MATCHES if filters.keywords else _FIRST
        rows = self._by_matches(filters) if filters.keywords else self._by_registration(filters)
        bulkhead = self._scans if filters.may_scan else None
        return await self._listing.page(filters.name, page_size, page_token, first=first, rows=rows, bulkhead=bulkhead)

    def _by_registration(self, filters: SearchFilters) -> Rows:
        async def rows(after: list[int], limit: int) -> list[tuple[Item, list[int]]]:
            items = await self._filtered(filters, after[0], limit)
            return [(item, [item.item_id]) for item in items]

        return rows

    async def _filtered(self, filters: SearchFilters, after_id: int, limit: int) -> list[Item]:
        topic = filters.topic.lower() if filters.topic else None
        match (filters.category, topic, filters.text):
            case (int(category), None, None):
                return await self._repository.search_category(category, after_id, limit)
            case (None, str(wanted), None):
                return await self._repository.search_topic(wanted, after_id, limit)
            case (category, wanted, None):
                return await self._repository.search_filters(category, wanted, after_id, limit)
            case (category, wanted, str(text)):
                return await self._repository.search_text(category, wanted, text, after_id, limit)

    def _by_matches(self, filters: SearchFilters) -> Rows:
        keywords = folded(filters.keywords)
        topic = filters.topic.lower() if filters.topic else None

        async def rows(after: list[int], limit: int) -> list[tuple[Item, list[int]]]:
            position = (after[0], after[1])
            if filters.category is not None and topic is None and filters.text is None:
                found = await self._repository.search_category_keywords(filters.category, keywords, position, limit)
            else:
                others = (filters.category, topic, filters.text)
                found = await self._repository.search_filters_keywords(others, keywords, position, limit)
            return [(item, [matches, item.item_id]) for item, matches in found]

        return rows
