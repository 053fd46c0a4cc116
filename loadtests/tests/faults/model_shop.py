"""A shop in memory that keeps its promises, and a history of its clients; tests break it to see what is noticed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from loadtests.faults.checker import check
from loadtests.faults.history import Attempt, Call, History
from loadtests.faults.state import Item, Line, Order, Reservation, ShopState
from loadtests.faults.violation import Kind

SELLER = "seller"


@dataclass
class ModelShop:
    """Each request takes a second, and is served in the middle of it."""

    now: float = 1000.0
    history: History = field(default_factory=History)
    items: dict[str, Item] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    order_ids: dict[tuple[str, str], str] = field(default_factory=dict)
    bodies: dict[tuple[str, str], Mapping[str, object]] = field(default_factory=dict)
    rejections: dict[tuple[str, str], str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    def set_item(self, item_id: str, *, answered: bool = True, **fields: int) -> Attempt:
        attempt = self._invoke(Call.SET_ITEM, SELLER, f"set-{self.now}", {"item_id": item_id, **fields})
        if fields.get("if_match", self.versions.get(item_id)) != self.versions.get(item_id):
            return self._answer(attempt, 412, {"reason": "VERSION_CHANGED"}, answered)
        self.take_effect(item_id, fields)
        return self._answer(attempt, 200, self._shown(item_id), answered)

    def take_effect(self, item_id: str, fields: Mapping[str, int]) -> None:
        item = self.items.get(item_id, Item(0, 0))
        quantity = fields.get("quantity", item.quantity) + fields.get("quantity_delta", 0)
        self.items[item_id] = Item(quantity, fields.get("price_cents", item.price_cents))
        self.versions[item_id] = self.versions.get(item_id, 0) + 1

    def read(self, item_id: str) -> Attempt:
        attempt = self._invoke(Call.READ, "reader", "", {"item_id": item_id})
        return self._answer(attempt, 200, self._shown(item_id), answered=True)

    def buy(self, buyer: str, key: str, lines: dict[str, int], *, answered: bool = True) -> Attempt:
        attempt = self._invoke(Call.BUY, buyer, key, {"lines": lines})
        return self._place(attempt, lines, answered)

    def buy_cart(self, buyer: str, key: str, *, answered: bool = True) -> Attempt:
        attempt = self._invoke(Call.BUY_CART, buyer, key, {})
        is_new = (buyer, key) not in self.bodies
        lines = dict(self.carts.get(buyer, {})) if is_new else {}
        if is_new and self._can_sell(lines):
            self.carts[buyer] = {}
        return self._place(attempt, lines, answered)

    def add_to_cart(self, buyer: str, item_id: str, quantity: int, *, answered: bool = True) -> Attempt:
        attempt = self._invoke(Call.ADD_TO_CART, buyer, f"add-{self.now}", {"item_id": item_id, "quantity": quantity})
        cart = self.carts.setdefault(buyer, {})
        cart[item_id] = cart.get(item_id, 0) + quantity
        return self._answer(attempt, 200, {}, answered)

    def ask_in_vain(self, buyer: str, key: str, lines: dict[str, int]) -> Attempt:
        """A request that never reached the shop, for all its client knows."""
        return self._answer(self._invoke(Call.BUY, buyer, key, {"lines": lines}), 0, {}, answered=False)

    def state(self) -> ShopState:
        return ShopState(self.now, self.items, self.reservations, self.orders, self.carts)

    def violations(self) -> set[Kind]:
        return {violation.kind for violation in check(self.history, self.state())}

    def write_down(self, order_id: str, buyer: str, lines: dict[str, int]) -> None:
        """An order in both databases, with its stock taken."""
        priced = tuple(Line(i, quantity, self.items[i].price_cents) for i, quantity in sorted(lines.items()))
        self.reservations[order_id] = Reservation(order_id, self.now - 0.5, is_settled=True, lines=priced)
        total = sum(line.quantity * line.price_cents for line in priced)
        self.orders[order_id] = Order(order_id, buyer, total, priced)
        for line in priced:
            item = self.items[line.item_id]
            self.items[line.item_id] = replace(item, quantity=item.quantity - line.quantity)
            self.versions[line.item_id] += 1

    def _shown(self, item_id: str) -> dict[str, object]:
        item = self.items[item_id]
        version = self.versions[item_id]
        return {
            "item_id": item_id,
            "quantity": item.quantity,
            "price_cents": item.price_cents,
            "version": version,
        }

    def _place(self, attempt: Attempt, lines: dict[str, int], answered: bool) -> Attempt:
        owner = (attempt.client, attempt.key)
        if self.bodies.setdefault(owner, attempt.asked) != attempt.asked:
            return self._answer(attempt, 422, {"reason": "IDEMPOTENCY_KEY_REUSED"}, answered)
        if owner in self.rejections:
            return self._answer(attempt, 409, {"reason": self.rejections[owner]}, answered)
        if owner not in self.order_ids:
            if not self._can_sell(lines):
                self.rejections[owner] = "OUT_OF_STOCK"
                return self._answer(attempt, 409, {"reason": "OUT_OF_STOCK"}, answered)
            self.order_ids[owner] = f"order-{len(self.orders)}"
            self.write_down(self.order_ids[owner], attempt.client, lines)
        order = self.orders[self.order_ids[owner]]
        told = [
            {"item_id": line.item_id, "quantity": line.quantity, "price_cents": line.price_cents}
            for line in order.lines
        ]
        facts = {"order_id": order.order_id, "lines": told, "total_cents": order.total_cents}
        return self._answer(attempt, 201, facts, answered)

    def _can_sell(self, lines: dict[str, int]) -> bool:
        return bool(lines) and all(self.items[item_id].quantity >= quantity for item_id, quantity in lines.items())

    def _invoke(self, call: Call, client: str, key: str, asked: dict) -> Attempt:
        attempt = Attempt(len(self.history.attempts), call, client, key, "gateway", asked, self.now)
        self.history.attempts.append(attempt)
        self.now += 1
        return attempt

    def _answer(self, attempt: Attempt, status: int, told: dict, answered: bool) -> Attempt:
        if answered:
            attempt.answered_at, attempt.status, attempt.told = self.now, status, told
        else:
            attempt.error = "TimeoutError"
        self.now += 1
        return attempt
