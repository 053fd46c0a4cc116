"""A flash sale: everybody of a Locust process wants the same item, and in the end its stock must add up."""

import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from locust import events
from locust.env import Environment

from loadtests.options import MIXES
from loadtests.users.shopper import Mix, Shopper

_PRICE_CENTS: Final = 100


@dataclass
class Sale:
    """The one item, what was sold of it, and how many may be buying still."""

    item_id: str
    stock: int
    sold: int = 0
    undecided: int = 0


_opening: Final = threading.Lock()
# Of each environment; there is one in a Locust process, and more than one only in tests.
_sales: Final[dict[Environment, Sale]] = {}


class _Vendor(Shopper):
    """Puts the item up, and is no user of its own."""

    abstract = True
    role = "seller"

    def open_sale(self, stock: int) -> Sale:
        self.on_start()
        item = {"name": "Flash sale", "category": 0, "keywords": ["flash"], "condition": "new"}
        item |= {"price_cents": _PRICE_CENTS, "quantity": stock}
        return Sale(self.ask("POST", "/v1/items", "/v1/items", body=item)["item_id"], stock)


class FlashSaleBuyer(Shopper):
    weight = 1
    role = "buyer"
    mixes: ClassVar[Mapping[str, Mix]] = {mix: {"buy": 1} for mix in MIXES}

    def on_start(self) -> None:
        super().on_start()
        assert self.environment.parsed_options is not None
        with _opening:
            if self.environment not in _sales:
                stock = self.environment.parsed_options.flash_stock
                _sales[self.environment] = _Vendor(self.environment).open_sale(stock)
        self._sale = _sales[self.environment]

    def buy(self) -> None:
        self._sale.undecided += 1
        order = self.ask(
            "POST",
            "/v1/orders",
            "/v1/orders, flash sale",
            body={"lines": [{"item_id": self._sale.item_id, "quantity": 1}]},
            key=str(uuid.uuid4()),
            allowed=(201, 409),
            truth=lambda order: order["total_cents"] == _PRICE_CENTS and order["state"] == "CONFIRMED",
        )
        # Not when this user was stopped meanwhile: then it may have bought, or not.
        self._sale.undecided -= 1
        self._sale.sold += order is not None


@events.test_stop.add_listener  # type: ignore[untyped-decorator]
def _check_stock(environment: Environment, **_: Any) -> None:
    """What is left and what was sold make what there was."""
    sale = _sales.pop(environment, None)
    if sale is None:
        return
    most = sale.stock - sale.sold
    _Vendor(environment).ask(
        "GET",
        f"/v1/items/{sale.item_id}",
        "flash sale: stock adds up",
        truth=lambda item: max(0, most - sale.undecided) <= item["quantity"] <= most,
    )
