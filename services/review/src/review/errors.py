"""Why the review service refuses."""

from chassis.errors import AlreadyExists, InvalidArgument, PermissionDenied


class ItemNotBought(PermissionDenied):
    reason = "ITEM_NOT_BOUGHT"

    def __init__(self, item_id: str) -> None:
        super().__init__("only who bought an item may leave feedback on it", {"item_id": item_id})


class FeedbackGiven(AlreadyExists):
    reason = "FEEDBACK_GIVEN"

    def __init__(self, item_id: str) -> None:
        super().__init__("feedback on this item was given already", {"item_id": item_id})


class UncountableVotes(InvalidArgument):
    """The database rejects a value of at least one vote of a batch."""

    reason = "UNCOUNTABLE_VOTES"
