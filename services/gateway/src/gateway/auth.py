"""Who asks: the session behind a bearer token, or the shop's operator."""

import hashlib
import hmac

from fastapi import Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from gateway.clients.account import ROLES, Session
from gateway.refusals import (
    OperatorTokenRequired,
    OperatorTokenUnset,
    SessionEnded,
    SessionRequired,
    WrongRole,
)
from gateway.shop import shop_of


class SessionBearer(SecurityBase):
    """One dependency for the whole of it, since each costs a request some time: token, live session, role."""

    def __init__(self, role: str | None = None) -> None:
        self.model = HTTPBearer(description="The token that `POST /v1/sessions` answered with.")
        self.scheme_name = "session"
        self._role = role

    async def __call__(self, request: Request) -> Session:
        token_hash = token_hash_of(request)
        if token_hash is None:
            raise SessionRequired
        shop = shop_of(request)
        session = await shop.sessions.find(token_hash)
        if session is None:
            raise SessionEnded
        if self._role is not None and session.role != ROLES[self._role]:
            raise WrongRole(self._role)
        # A cart lives as long as its session, and that by any request, also by one that is not about the cart.
        shop.carts_in_use.use(session.session_id)
        return session


class OperatorBearer(SecurityBase):
    def __init__(self) -> None:
        self.model = HTTPBearer(description="AGORA_OPERATOR_TOKEN of the shop.")
        self.scheme_name = "operator"

    async def __call__(self, request: Request) -> None:
        expected = shop_of(request).operator_token
        if expected is None:
            raise OperatorTokenUnset
        given = _bearer_token(request)
        if given is None or not hmac.compare_digest(given.encode(), expected.encode()):
            raise OperatorTokenRequired


anyone_signed_in = SessionBearer()
buyer = SessionBearer("buyer")
seller = SessionBearer("seller")
operator = OperatorBearer()


def token_hash_of(request: Request) -> bytes | None:
    """The only form in which a token leaves this process."""
    token = _bearer_token(request)
    return hashlib.sha256(token.encode()).digest() if token is not None else None


def _bearer_token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    return token if token and scheme.lower() == "bearer" else None
