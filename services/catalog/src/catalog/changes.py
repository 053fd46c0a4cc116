"""Changes of an item: the decision alone, with no store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from catalog.domain import MAX_QUANTITY, Item, check_quantity, check_request_id
from catalog.errors import ItemChanged, ItemNotFound, NotItemOwner, QuantityOutOfRange
from chassis.digest import digest_of
from chassis.errors import InvalidField
from chassis.money import check_price_cents


@dataclass(frozen=True, slots=True)
class ItemChange:
    """A change as a seller asks for it; None leaves a value as it is. Raises InvalidField for what is not allowed."""

    item_id: str
    seller_id: str
    request_id: str
    price_cents: int | None = None
    quantity: int | None = None
    quantity_delta: int | None = None
    # The item must have one of these, if there are any.
    expected_versions: Sequence[int] = ()

    def __post_init__(self) -> None:
        check_request_id(self.request_id)
        if self.price_cents is not None:
            check_price_cents(self.price_cents)
        if self.quantity is not None:
            check_quantity(self.quantity)
        if self.quantity_delta is not None:
            _check_delta(self.quantity_delta, self.quantity)

    @property
    def digest(self) -> bytes:
        return digest_of(
            self.item_id, self.price_cents, self.quantity, self.quantity_delta, sorted(self.expected_versions)
        )

    def apply_to(self, item: Item | None) -> Item:
        """Return the item as it becomes. Raises ItemNotFound, NotItemOwner, ItemChanged, QuantityOutOfRange."""
        if item is None:
            raise ItemNotFound(self.item_id)
        if item.seller_id != self.seller_id:
            raise NotItemOwner
        if self.expected_versions and item.version not in self.expected_versions:
            raise ItemChanged(item.version)
        quantity = (item.quantity if self.quantity is None else self.quantity) + (self.quantity_delta or 0)
        if not 0 <= quantity <= MAX_QUANTITY:
            raise QuantityOutOfRange(item.quantity, MAX_QUANTITY)
        price_cents = item.price_cents if self.price_cents is None else self.price_cents
        return replace(item, price_cents=price_cents, quantity=quantity)


def _check_delta(delta: int, quantity: int | None) -> None:
    if quantity is not None:
        raise InvalidField("quantity_delta", "must not be given together with quantity")
    if abs(delta) > MAX_QUANTITY:
        raise InvalidField("quantity_delta", f"must be from -{MAX_QUANTITY} to {MAX_QUANTITY}")
