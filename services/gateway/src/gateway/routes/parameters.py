"""Parameters that several routes take."""

import uuid
from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path

from gateway.auth import anyone_signed_in, buyer, seller
from gateway.clients.account import Session
from gateway.schemas import types

_KEY_DESCRIPTION: Final = "Chosen by the client. The same key again does nothing again and answers as the first time."
_VOTE_KEY_DESCRIPTION: Final = "Votes with the same key, album and verb count once. A key is known for an hour."


def _key_header(example: str, description: str = _KEY_DESCRIPTION) -> Any:
    return Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x20-\x7e]+$",
        description=description,
        examples=[example],
    )


RequiredKey = Annotated[str, _key_header("order-2026-0001")]
VoteKey = Annotated[str | None, _key_header("vote-8", _VOTE_KEY_DESCRIPTION)]


async def _key_or_fresh(key: Annotated[str | None, _key_header("feedback-8")] = None) -> str:
    # Without a key of the client's, this one still makes it safe that the RPC is retried within this request.
    return key or str(uuid.uuid4())


Key = Annotated[str, Depends(_key_or_fresh)]

AnySession = Annotated[Session, Depends(anyone_signed_in)]
BuyerSession = Annotated[Session, Depends(buyer)]
SellerSession = Annotated[Session, Depends(seller)]

ItemId = Annotated[types.Id, Path()]
SellerId = Annotated[types.SellerId, Path()]
OrderId = Annotated[types.OrderId, Path()]
