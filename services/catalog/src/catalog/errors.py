"""Why the catalog refuses."""

from chassis.errors import FailedPrecondition, NotFound, PermissionDenied, ResourceExhausted


class ItemNotFound(NotFound):
    reason = "ITEM_NOT_FOUND"

    def __init__(self, item_id: str) -> None:
        super().__init__("there is no such item", {"item_id": item_id})


class NotItemOwner(PermissionDenied):
    reason = "NOT_ITEM_OWNER"

    def __init__(self) -> None:
        super().__init__("the item belongs to another seller")


class ItemChanged(FailedPrecondition):
    reason = "ITEM_CHANGED"

    def __init__(self, version: int) -> None:
        super().__init__(f"the item has version {version}, read it again", {"version": str(version)})


class QuantityOutOfRange(FailedPrecondition):
    reason = "QUANTITY_OUT_OF_RANGE"

    def __init__(self, quantity: int, limit: int) -> None:
        super().__init__(
            f"the item has {quantity} units, and must be left with 0 to {limit}", {"quantity": str(quantity)}
        )


class SearchesBusy(ResourceExhausted):
    reason = "SEARCHES_BUSY"

    def __init__(self) -> None:
        super().__init__("too many searches at this moment, try again in a few seconds")
