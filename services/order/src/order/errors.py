"""Why the order service refuses."""

from chassis.errors import FailedPrecondition, Internal, NotFound, Refusal, ResourceExhausted


class OutOfStock(FailedPrecondition):
    reason = "OUT_OF_STOCK"

    def __init__(self, item_id: str) -> None:
        super().__init__(f"there are not enough units of item {item_id} left", {"item_id": item_id})


class MixedCurrencies(FailedPrecondition):
    reason = "MIXED_CURRENCIES"

    def __init__(self, item_id: str) -> None:
        super().__init__(f"item {item_id} is priced in another currency than the rest", {"item_id": item_id})


class CartEmpty(FailedPrecondition):
    reason = "CART_EMPTY"

    def __init__(self) -> None:
        super().__init__("the cart is empty")


class CartBought(FailedPrecondition):
    reason = "CART_BOUGHT"

    def __init__(self) -> None:
        super().__init__("another request has just bought this cart")


class CartFull(FailedPrecondition):
    reason = "CART_FULL"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the cart holds {limit} different items already")


class ItemNotFound(NotFound):
    reason = "ITEM_NOT_FOUND"

    def __init__(self, item_id: str) -> None:
        super().__init__("there is no such item", {"item_id": item_id})


class CartLineNotFound(NotFound):
    reason = "CART_LINE_NOT_FOUND"

    def __init__(self, item_id: str) -> None:
        super().__init__("the item is not in the cart", {"item_id": item_id})


class OrderNotFound(NotFound):
    reason = "ORDER_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("there is no such order")


class PurchaseNotFound(NotFound):
    reason = "PURCHASE_NOT_FOUND"

    def __init__(self) -> None:
        super().__init__("the buyer has not bought this item")


class HistoryBusy(ResourceExhausted):
    reason = "HISTORY_BUSY"

    def __init__(self) -> None:
        super().__init__("too many lists of orders are being read, try again in a few seconds")


class UnreadableReservation(Internal):
    reason = "RESERVATION_UNREADABLE"

    def __init__(self) -> None:
        super().__init__("the order was reserved in a way that this service cannot read")


def rejection_error(reason: str, item_id: str) -> Refusal:
    """What the buyer of a rejected order is told, by the catalog's reason. Raises LookupError for an unknown one."""
    match reason:
        case "OUT_OF_STOCK":
            return OutOfStock(item_id)
        case "ITEM_NOT_FOUND":
            return ItemNotFound(item_id)
        case "MIXED_CURRENCIES":
            return MixedCurrencies(item_id)
        case "NO_LINES":
            return CartEmpty()
        case "CLAIM_TAKEN":
            return CartBought()
    raise LookupError(reason)
