"""The four operations of S1 and S2 as scripts, for both transports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from agora.catalog.v1 import catalog_pb2
from agora.review.v1 import review_pb2
from loadtests.driver.load import UNIQUE, Script, Step, Transport
from loadtests.experiments.requests import frame, http_get, http_post
from loadtests.experiments.shop import Party

RATING: Final = "get_seller_rating"
SEARCH: Final = "search_items"
DISPLAY: Final = "display_items_for_sale"
REGISTER: Final = "register_item_for_sale"
OPERATIONS: Final = (RATING, SEARCH, DISPLAY, REGISTER)
MIXED: Final = "mixed"
# The operations that sellers do; buyers do the others.
OF_SELLERS: Final = (DISPLAY, REGISTER, MIXED)

KEYWORD: Final = "bench"
ITEMS_A_SELLER: Final = 10
# Searches are for the sellers' categories, and what is registered later goes into others: answers stay as long as they
# were, however long the experiment runs.
_SELLERS_CATEGORIES: Final = range(900, 1000)
_LATER_CATEGORIES: Final = range(100, 200)
_STEPS: Final = 10


def sellers_items(number: int, count: int) -> list[dict[str, Any]]:
    """What the seller with this number sells from the start."""
    category = _SELLERS_CATEGORIES[number % len(_SELLERS_CATEGORIES)]
    return [_item(f"Bench item {index}", category) for index in range(count)]


@dataclass(frozen=True, slots=True)
class Market:
    """Who takes part; every one of them is logged in."""

    buyers: Sequence[Party]
    sellers: Sequence[Party]

    def scripts(self, operation: str, transport: Transport, clients: int) -> tuple[Script, ...]:
        """Each client asks for ten different things in turn, and no two clients in the same order."""
        parties = self.sellers if operation in OF_SELLERS else self.buyers
        parts = OPERATIONS if operation == MIXED else (operation,)
        return tuple(
            tuple(self._step(part, transport, party, number + 7 * index) for index in range(_STEPS) for part in parts)
            for number, party in enumerate(parties[:clients])
        )

    def visits(self) -> tuple[Script, ...]:
        """A request by everybody, which keeps them logged in."""
        everybody = (*self.buyers, *self.sellers)
        return tuple((self._step(RATING, "rest", party, number),) for number, party in enumerate(everybody))

    def _step(self, operation: str, transport: Transport, party: Party, number: int) -> Step:
        seller = self.sellers[number % len(self.sellers)].account_id
        category = _SELLERS_CATEGORIES[number % len(self.sellers)]
        step = _http_step if transport == "rest" else _socket_step
        return step(operation, party.token, seller, category)


def _http_step(operation: str, token: str, seller: str, category: int) -> Step:
    match operation:
        case "get_seller_rating":
            return Step(http_get(f"/v1/sellers/{seller}/rating", token), seller.encode())
        case "search_items":
            return Step(http_get(f"/v1/items?category={category}&keyword={KEYWORD}", token), KEYWORD.encode())
        case "display_items_for_sale":
            return Step(http_get("/v1/sellers/me/items", token), b"Bench item 0")
        case _:
            item = _item("Registered later", _LATER_CATEGORIES[category % 100])
            return Step(http_post("/v1/items", item, token), b"Registered later")


def _socket_step(operation: str, token: str, seller: str, category: int) -> Step:
    catalog = "agora.catalog.v1.CatalogService"
    match operation:
        case "get_seller_rating":
            ratings = review_pb2.BatchGetSellerRatingsRequest(seller_ids=[seller])
            method = "agora.review.v1.ReviewService/BatchGetSellerRatings"
            return Step(frame(method, ratings, token), seller.encode())
        case "search_items":
            search = catalog_pb2.SearchItemsRequest(category=category, keywords=[KEYWORD])
            return Step(frame(f"{catalog}/SearchItems", search, token), KEYWORD.encode())
        case "display_items_for_sale":
            return Step(
                frame(f"{catalog}/ListSellerItems", catalog_pb2.ListSellerItemsRequest(), token), b"Bench item 0"
            )
        case _:
            item = _item("Registered later", _LATER_CATEGORIES[category % 100])
            item |= {"request_id": UNIQUE.decode(), "condition": catalog_pb2.CONDITION_NEW}
            register = catalog_pb2.RegisterItemRequest(**item)
            return Step(frame(f"{catalog}/RegisterItem", register, token), b"Registered later")


def _item(name: str, category: int) -> dict[str, Any]:
    return {
        "name": name,
        "category": category,
        "keywords": [KEYWORD],
        "condition": "new",
        "price_cents": 1999,
        "quantity": 100,
    }
