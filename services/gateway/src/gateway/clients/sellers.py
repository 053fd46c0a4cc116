"""Which accounts are sellers. An account never ceases to be one, so what was found once need not be asked again."""

from collections.abc import Iterable
from typing import Final

from gateway.clients.account import Accounts

# The shop itself sells the books; it has no account.
SHOP_ID: Final = "00000000-0000-0000-0000-000000000000"
_MAX_KNOWN: Final = 50_000


class Sellers:
    """Tells sellers from ids of nobody."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        # In the order in which they were found.
        self._known: dict[str, None] = {}

    async def among(self, ids: Iterable[str]) -> set[str]:
        """The ids that are sellers'."""
        asked = set(ids)
        known = {seller_id for seller_id in asked if seller_id == SHOP_ID or seller_id in self._known}
        unknown = sorted(asked - known)
        found = await self._accounts.get_sellers(unknown) if unknown else set()
        self._remember(found)
        return known | found

    def _remember(self, seller_ids: set[str]) -> None:
        self._known |= dict.fromkeys(seller_ids)
        while len(self._known) > _MAX_KNOWN:
            del self._known[next(iter(self._known))]
