"""Sessions: sign in and sign out."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from agora.account.v1 import account_pb2 as pb
from gateway.client_address import client_address
from gateway.openapi import refuses
from gateway.routes.answers import answer, session_json
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import AnySession
from gateway.schemas.accounts import Credentials, Session
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/sessions", tags=["Accounts"], route_class=LeanRoute)


@router.post(
    "",
    summary="Sign in",
    status_code=HTTPStatus.CREATED,
    response_model=Session,
    responses=refuses({401: "`WRONG_CREDENTIALS`.", 429: "`TOO_MANY_SIGN_INS`, `TOO_MANY_ATTEMPTS`."}),
)
async def create_session(request: Request, credentials: Credentials) -> Response:
    """A session ends on sign-out, and after 30 minutes without a request.

    Wrong passwords are limited by account and by client address; `retry-after` says when the next attempt may work.
    """
    created = await shop_of(request).accounts.create_session(
        pb.CreateSessionRequest(
            username=credentials.username, password=credentials.password, client_address=client_address(request)
        )
    )
    document = session_json(created.session, created.token)
    return answer(document, HTTPStatus.CREATED, {"cache-control": "no-store"})


@router.delete("/current", summary="Sign out", status_code=HTTPStatus.NO_CONTENT)
async def end_session(request: Request, session: AnySession) -> Response:
    await shop_of(request).sessions.end(session.token_hash)
    return Response(status_code=HTTPStatus.NO_CONTENT)
