"""Why the gateway itself refuses, before or without asking a service."""

from chassis.errors import NotFound, PermissionDenied, Unauthenticated


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
