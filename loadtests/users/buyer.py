"""S2's buyers: they search, look, fill carts, buy, and say what they think."""

import random
import uuid
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from loadtests.users.shopper import Mix, Shopper

_KEYWORDS: Final = ("red", "lamp", "chair", "blue", "piano", "quiet", "tea", "wild")
_CONFLICT: Final = 409
# A buyer remembers little, however long the run is.
_REMEMBERED: Final = 50


class Buyer(Shopper):
    weight = 6
    role = "buyer"
    mixes: ClassVar[Mapping[str, Mix]] = {
        "browse": {"search": 50, "look_up": 35, "see_rating": 10, "fill_cart": 4, "buy": 1},
        "balanced": {"search": 35, "look_up": 30, "see_rating": 10, "fill_cart": 12, "buy": 10, "see_orders": 3},
        "buy": {"search": 15, "look_up": 10, "see_rating": 5, "fill_cart": 25, "buy": 40, "see_orders": 5},
    }

    def on_start(self) -> None:
        super().on_start()
        self._seen: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.search()

    def search(self) -> None:
        category, keyword = random.randrange(1000), random.choice(_KEYWORDS)  # noqa: S311 - wishes, not secrets
        by_category = random.random() < 0.7  # noqa: S311
        query = f"category={category}" if by_category else f"keyword={keyword}"
        page = self.ask(
            "GET",
            f"/v1/items?{query}&page_size=20",
            f"/v1/items?{query.partition('=')[0]}",
            truth=lambda page: all(
                item["category"] == category if by_category else keyword in item["keywords"] for item in page["items"]
            ),
        )
        self._seen.extend(page["items"] if page else [])

    def look_up(self) -> None:
        item = self._some_item()
        path = f"/v1/items/{item['item_id']}"
        self.ask(
            "GET",
            path,
            "/v1/items/{item_id}",
            truth=lambda answer: answer["item_id"] == item["item_id"] and answer["version"] >= item["version"],
        )

    def see_rating(self) -> None:
        seller = self._some_item()["seller_id"]
        self.ask(
            "GET",
            f"/v1/sellers/{seller}/rating",
            "/v1/sellers/{seller_id}/rating",
            truth=lambda rating: rating["seller_id"] == seller and rating["thumbs_up"] >= 0,
        )

    def fill_cart(self) -> None:
        line = {"item_id": self._some_item()["item_id"], "quantity": 1}
        self.ask("POST", "/v1/cart/items", "/v1/cart/items", body=line, allowed=(200, _CONFLICT), truth=_adds_up)
        self.ask("GET", "/v1/cart", "/v1/cart", truth=_adds_up)

    def buy(self) -> None:
        line = {"item_id": self._some_item()["item_id"], "quantity": 1}
        key = str(uuid.uuid4())
        order = self._place(key, [line])
        if order is None:
            return
        if random.random() < 0.1:  # noqa: S311 - now and then an answer is thought lost
            self.ask(
                "POST", "/v1/orders", "/v1/orders, again", body={"lines": [line]}, key=key, allowed=(200,),
                truth=lambda again: again == order,
            )  # fmt: skip
        self._vote(line["item_id"])

    def see_orders(self) -> None:
        self.ask("GET", "/v1/orders?page_size=10", "/v1/orders", truth=lambda page: all(map(_is_sum, page["orders"])))

    def _place(self, key: str, lines: list[dict[str, Any]]) -> Any:
        return self.ask(
            "POST",
            "/v1/orders",
            "/v1/orders",
            body={"lines": lines},
            key=key,
            allowed=(201, _CONFLICT),
            truth=lambda order: _is_sum(order) and order["lines"][0]["item_id"] == lines[0]["item_id"],
        )

    def _vote(self, item_id: str) -> None:
        vote = {"vote": random.choice(("up", "down"))}  # noqa: S311 - an opinion, not a secret
        path = f"/v1/items/{item_id}/feedback"
        name = "/v1/items/{item_id}/feedback"
        self.ask("POST", path, name, body=vote, allowed=(201, _CONFLICT))

    def _some_item(self) -> dict[str, Any]:
        while not self._seen:
            # For whoever sells something: searches are paced like everything else.
            self.wait()  # type: ignore[no-untyped-call]
            self.search()
        return random.choice(self._seen)  # noqa: S311 - a whim, not a secret


def _adds_up(cart: Any) -> bool:
    return bool(cart["total_cents"] == sum(line["quantity"] * line["price_cents"] for line in cart["lines"]))


def _is_sum(order: Any) -> bool:
    return order["state"] == "CONFIRMED" and _adds_up(order)
