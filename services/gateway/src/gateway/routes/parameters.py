"""Parameters that several routes take."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path

from gateway.auth import anyone_signed_in, buyer, seller
from gateway.clients.account import Session
from gateway.schemas import types

_KEY_DESCRIPTION: Final = (
    "Chosen by the client, best a UUID. It belongs to the account, or to the client's address where nobody signs in, "
    "and to this route. The same key again does nothing again and answers as the first time; with another request it "
    "is rejected with `IDEMPOTENCY_KEY_REUSED`."
)
_VOTE_KEY_DESCRIPTION: Final = (
    "Votes of a client's address with the same key, album and verb count once. A key is known for an hour."
)


def _key_header(example: str, description: str = _KEY_DESCRIPTION) -> Any:
    return Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description=description,
        examples=[example],
    )


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        pattern=r'^(\*|(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*)$',
        description="Change it only if this is still its `ETag`.",
        examples=['"3"'],
    ),
]
RequiredKey = Annotated[str, _key_header("7c9e6679-7425-40de-944b-e07fc1f90ae7")]
Key = Annotated[str | None, _key_header("0f8fad5b-d9cb-469f-a165-70867728950e")]
VoteKey = Annotated[str | None, _key_header("16fd2706-8baf-433b-82eb-8c7fada847da", _VOTE_KEY_DESCRIPTION)]

AnySession = Annotated[Session, Depends(anyone_signed_in)]
BuyerSession = Annotated[Session, Depends(buyer)]
SellerSession = Annotated[Session, Depends(seller)]

ItemId = Annotated[types.Id, Path()]
SellerId = Annotated[types.SellerId, Path()]
OrderId = Annotated[types.OrderId, Path()]
