"""Why the gateway itself refuses, before or without asking a service."""

import math

from chassis.errors import RETRY_AFTER_S, NotFound, PermissionDenied, ResourceExhausted, Unauthenticated


class SessionRequired(Unauthenticated):
    reason = "SESSION_REQUIRED"

    def __init__(self) -> None:
        super().__init__("sign in and send the token as `Authorization: Bearer TOKEN`")


class SessionEnded(Unauthenticated):
    reason = "SESSION_ENDED"

    def __init__(self) -> None:
        super().__init__("the token belongs to no live session, sign in again")


class WrongRole(PermissionDenied):
    reason = "WRONG_ROLE"

    def __init__(self, needed: str) -> None:
        super().__init__(f"only a {needed} may do this", {"role": needed})


class OperatorTokenRequired(Unauthenticated):
    reason = "OPERATOR_TOKEN_REQUIRED"

    def __init__(self) -> None:
        super().__init__("only the shop's operator may do this, by the operator's token")


class OperatorTokenUnset(PermissionDenied):
    reason = "OPERATOR_TOKEN_UNSET"

    def __init__(self) -> None:
        super().__init__("this shop runs without an operator's token, so nobody may do this")


class ItemNotFound(NotFound):
    reason = "ITEM_NOT_FOUND"

    def __init__(self, item_id: str) -> None:
        super().__init__("there is no such item", {"item_id": item_id})


class SellerNotFound(NotFound):
    reason = "SELLER_NOT_FOUND"

    def __init__(self, seller_id: str) -> None:
        super().__init__("there is no such seller", {"seller_id": seller_id})


class BookNotFound(NotFound):
    reason = "BOOK_NOT_FOUND"

    def __init__(self, number: int) -> None:
        super().__init__("there is no such book", {"id": str(number)})


class AlbumNotFound(NotFound):
    reason = "ALBUM_NOT_FOUND"

    def __init__(self, album_id: str) -> None:
        super().__init__("there is no such album", {"album_id": album_id})


class SearchesBusy(ResourceExhausted):
    reason = "SEARCHES_BUSY"

    def __init__(self) -> None:
        super().__init__("too many searches at this moment, try again in a few seconds")


class SearchesCostly(ResourceExhausted):
    reason = "SEARCHES_COSTLY"

    def __init__(self, wait_s: float) -> None:
        retry_after_s = math.ceil(wait_s)
        super().__init__(
            f"searches without a session took too long lately, sign in or try again in {retry_after_s} s",
            {RETRY_AFTER_S: str(retry_after_s)},
        )
