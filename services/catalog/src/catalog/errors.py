"""Why the catalog refuses."""

from chassis.errors import NotFound, PermissionDenied


class ItemNotFound(NotFound):
    reason = "ITEM_NOT_FOUND"

    def __init__(self, item_id: str) -> None:
        super().__init__("there is no such item", {"item_id": item_id})


class NotItemOwner(PermissionDenied):
    reason = "NOT_ITEM_OWNER"

    def __init__(self) -> None:
        super().__init__("the item belongs to another seller")
