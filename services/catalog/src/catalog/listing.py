"""Keyset paging over any of the catalog's listings."""

from collections.abc import Awaitable, Callable

from catalog.domain import Item, Page
from catalog.repository import Repository
from chassis.pagination import PageTokens, page_size

Rows = Callable[[list[int], int], Awaitable[list[tuple[Item, list[int]]]]]


class Listing:
    """Cuts listings into pages. The key of the tokens is read from the database at the first use."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._tokens: PageTokens | None = None

    async def page(self, name: str, requested_size: int, token: str, *, first: list[int], rows: Rows) -> Page:
        """One page of the listing `name`.

        `rows(after, limit)` gives items with their sort keys, those behind `after` only; `first` is a key before all.
        Raises InvalidField for the size and InvalidPageToken for a token of another listing.
        """
        size = page_size(requested_size)
        tokens = await self._page_tokens()
        after = tokens.read(name, token, len(first)) or first
        # One row more than is shown tells whether there is another page.
        found = await rows(after, size + 1)
        items = [item for item, _ in found[:size]]
        return Page(items, tokens.write(name, found[size - 1][1]) if len(found) > size else "")

    async def _page_tokens(self) -> PageTokens:
        if self._tokens is None:
            self._tokens = PageTokens(await self._repository.page_token_key())
        return self._tokens
