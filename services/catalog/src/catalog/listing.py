"""Keyset paging over any of the catalog's listings."""

from collections.abc import Awaitable, Callable
from typing import Final

from catalog.domain import Item, Page
from catalog.errors import SearchesBusy
from catalog.repository import Repository
from chassis.fair_queue import FairQueue, Lane
from chassis.pagination import PageTokens, page_size

Rows = Callable[[list[int], int], Awaitable[list[tuple[Item, list[int]]]]]


_MAX_WAITING: Final = 512
_ANYONE: Final = Lane("")


class Listing:
    """Cuts listings into pages. The key of the tokens is read from the database at the first use."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._pages = FairQueue("pages", repository.max_pages, _MAX_WAITING, SearchesBusy)
        self._tokens: PageTokens | None = None

    async def page(
        self,
        name: str,
        requested_size: int,
        token: str,
        *,
        first: list[int],
        rows: Rows,
        bulkhead: FairQueue | None = None,
    ) -> Page:
        """One page of the listing `name`.

        `rows(after, limit)` gives items with their sort keys, those behind `after` only; `first` is a key before all.
        Listings that read more than they show have a `bulkhead` of their own. Raises InvalidField for the size,
        InvalidPageToken for a token of another listing, SearchesBusy.
        """
        size = page_size(requested_size)
        tokens = await self._page_tokens()
        after = tokens.read(name, token, len(first)) or first
        # One row more than is shown tells whether there is another page.
        async with (bulkhead or self._pages).turn(_ANYONE):
            found = await rows(after, size + 1)
        items = [item for item, _ in found[:size]]
        return Page(items, tokens.write(name, found[size - 1][1]) if len(found) > size else "")

    async def _page_tokens(self) -> PageTokens:
        if self._tokens is None:
            self._tokens = PageTokens(await self._repository.page_token_key())
        return self._tokens
