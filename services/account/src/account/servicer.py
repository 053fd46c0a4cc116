"""agora.account.v1 over the use cases."""

from datetime import datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp
from grpc.aio import ServicerContext

from account.accounts import Accounts
from account.domain import Account, NewAccount, Role, Session
from account.sessions import Sessions
from agora.account.v1 import account_pb2, account_pb2_grpc
from chassis.errors import InvalidField

_WIRE_ROLES: Final = {Role.BUYER: account_pb2.ROLE_BUYER, Role.SELLER: account_pb2.ROLE_SELLER}
_ROLES: Final = {wire: role for role, wire in _WIRE_ROLES.items()}

Context = ServicerContext[Any, Any]


class AccountServicer(account_pb2_grpc.AccountServiceServicer):
    def __init__(self, accounts: Accounts, sessions: Sessions) -> None:
        self._accounts = accounts
        self._sessions = sessions

    async def CreateAccount(
        self, request: account_pb2.CreateAccountRequest, _context: Context
    ) -> account_pb2.CreateAccountResponse:
        new = NewAccount(request.request_id, request.username, request.password, _role(request.role))
        account = await self._accounts.create(new, request.client_address)
        return account_pb2.CreateAccountResponse(account=_wire_account(account))

    async def CreateSession(
        self, request: account_pb2.CreateSessionRequest, _context: Context
    ) -> account_pb2.CreateSessionResponse:
        session, token = await self._sessions.open(request.username, request.password, request.client_address)
        return account_pb2.CreateSessionResponse(session=_wire_session(session), token=token)

    async def DeleteSession(
        self, request: account_pb2.DeleteSessionRequest, _context: Context
    ) -> account_pb2.DeleteSessionResponse:
        await self._sessions.end(request.token_hash)
        return account_pb2.DeleteSessionResponse()

    async def BatchGetSessions(
        self, request: account_pb2.BatchGetSessionsRequest, _context: Context
    ) -> account_pb2.BatchGetSessionsResponse:
        sessions = await self._sessions.live(request.token_hashes)
        return account_pb2.BatchGetSessionsResponse(sessions=[_wire_session(session) for session in sessions])

    async def BatchGetSellers(
        self, request: account_pb2.BatchGetSellersRequest, _context: Context
    ) -> account_pb2.BatchGetSellersResponse:
        return account_pb2.BatchGetSellersResponse(seller_ids=await self._accounts.sellers(request.seller_ids))


def _role(wire: "account_pb2.Role.ValueType") -> Role:
    role = _ROLES.get(wire)
    if role is None:
        raise InvalidField("role", "must be buyer or seller")
    return role


def _wire_account(account: Account) -> account_pb2.Account:
    return account_pb2.Account(account_id=account.account_id, username=account.username, role=_WIRE_ROLES[account.role])


def _wire_session(session: Session) -> account_pb2.Session:
    return account_pb2.Session(
        session_id=session.session_id,
        account_id=session.account_id,
        role=_WIRE_ROLES[session.role],
        token_hash=session.token_hash,
        create_time=_timestamp(session.created_at),
        expire_time=_timestamp(session.expires_at),
    )


def _timestamp(moment: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(moment)
    return timestamp
