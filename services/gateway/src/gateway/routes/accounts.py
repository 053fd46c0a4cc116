"""Accounts."""

from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from agora.account.v1 import account_pb2 as pb
from gateway.client_address import client_address
from gateway.clients.account import ROLES
from gateway.idempotency import request_id_of
from gateway.openapi import KEY_REUSED, refuses
from gateway.routes.answers import account_json, answer
from gateway.routes.lean import LeanRoute
from gateway.routes.parameters import Key
from gateway.schemas.accounts import Account, NewAccount
from gateway.shop import shop_of

router = APIRouter(prefix="/v1/accounts", tags=["Accounts"], route_class=LeanRoute)


@router.post(
    "",
    summary="Open an account",
    status_code=HTTPStatus.CREATED,
    response_model=Account,
    responses=refuses({409: "`USERNAME_TAKEN`.", 429: "`TOO_MANY_SIGN_INS`, `TOO_MANY_ATTEMPTS`."} | KEY_REUSED),
)
async def create_account(request: Request, account: NewAccount, key: Key = None) -> Response:
    created = await shop_of(request).accounts.create_account(
        pb.CreateAccountRequest(
            request_id=request_id_of(request, key),
            username=account.username,
            password=account.password,
            role=ROLES[account.role],
            client_address=client_address(request),
        )
    )
    return answer(account_json(created), HTTPStatus.CREATED)
