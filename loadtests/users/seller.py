"""S2's sellers: they put items up for sale, look at them, and change prices and stock."""

import random
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar

from loadtests.users.shopper import Mix, Shopper

_REMEMBERED = 50


class Seller(Shopper):
    weight = 2
    role = "seller"
    mixes: ClassVar[Mapping[str, Mix]] = {
        "browse": {"see_own_items": 80, "see_own_rating": 10, "change_price": 8, "register": 2},
        "balanced": {"see_own_items": 45, "see_own_rating": 10, "change_price": 25, "restock": 10, "register": 10},
        "buy": {"see_own_items": 20, "change_price": 40, "restock": 25, "register": 15},
    }

    def on_start(self) -> None:
        super().on_start()
        self._items: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.register()

    def register(self) -> None:
        new = {
            "name": f"Lamp {random.randrange(10_000)}",  # noqa: S311 - wares, not secrets
            "category": random.randrange(1000),  # noqa: S311
            "keywords": ["lamp", "red"],
            "condition": "new",
            "price_cents": random.randrange(100, 10_000),  # noqa: S311
            "quantity": 100,
        }
        item = self.ask(
            "POST",
            "/v1/items",
            "/v1/items",
            body=new,
            truth=lambda item: item["seller_id"] == self.account_id and new.items() <= item.items(),
        )
        if item:
            self._items.append(item)

    def see_own_items(self) -> None:
        self.ask(
            "GET",
            "/v1/sellers/me/items?page_size=20",
            "/v1/sellers/me/items",
            truth=lambda page: all(item["seller_id"] == self.account_id for item in page["items"]),
        )

    def see_own_rating(self) -> None:
        self.ask(
            "GET",
            f"/v1/sellers/{self.account_id}/rating",
            "/v1/sellers/{seller_id}/rating",
            truth=lambda rating: rating["seller_id"] == self.account_id,
        )

    def change_price(self) -> None:
        self._change({"price_cents": random.randrange(100, 10_000)})  # noqa: S311 - a price, not a secret

    def restock(self) -> None:
        self._change({"quantity": 1000})

    def _change(self, change: dict[str, int]) -> None:
        """What was written is read back: nobody else writes the price, and a version never goes back."""
        if not self._items:
            return
        item = random.choice(self._items)  # noqa: S311 - a whim, not a secret
        path, name = f"/v1/items/{item['item_id']}", "/v1/items/{item_id}"
        changed = self.ask("PATCH", path, name, body=change, truth=lambda now: change.items() <= now.items())
        if changed:
            item.update(changed)
            self.ask(
                "GET",
                path,
                f"{name}, after a change",
                truth=lambda now: now["version"] >= changed["version"] and now["price_cents"] == changed["price_cents"],
            )
