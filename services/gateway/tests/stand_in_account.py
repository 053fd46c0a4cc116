"""An account service in memory, which forgets hashing and time."""

# ruff: noqa: N802 - RPCs are named by the protos

import hashlib
import secrets
import uuid
from typing import Any

from agora.account.v1.account_pb2_grpc import AccountServiceServicer

from agora.account.v1 import account_pb2 as pb
from chassis.errors import AlreadyExists, Unauthenticated

from .stand_in import StandIn, now


class UsernameTaken(AlreadyExists):
    reason = "USERNAME_TAKEN"


class WrongCredentials(Unauthenticated):
    reason = "WRONG_CREDENTIALS"


class StandInAccounts(StandIn, AccountServiceServicer):
    def __init__(self) -> None:
        super().__init__()
        self._accounts: dict[str, tuple[pb.Account, str]] = {}
        self.sessions: dict[bytes, pb.Session] = {}
        self.sellers: set[str] = set()

    async def CreateAccount(self, request: pb.CreateAccountRequest, context: Any) -> pb.CreateAccountResponse:
        await self.enter("CreateAccount", request, context)
        if request.username in self._accounts:
            raise UsernameTaken("the username is taken")
        account = pb.Account(account_id=str(uuid.uuid4()), username=request.username, role=request.role)
        self._accounts[request.username] = (account, request.password)
        if account.role == pb.ROLE_SELLER:
            self.sellers.add(account.account_id)
        return pb.CreateAccountResponse(account=account)

    async def CreateSession(self, request: pb.CreateSessionRequest, context: Any) -> pb.CreateSessionResponse:
        await self.enter("CreateSession", request, context)
        account, password = self._accounts.get(request.username, (None, ""))
        if account is None or password != request.password:
            raise WrongCredentials("username or password is wrong")
        token = secrets.token_urlsafe(32)
        session = pb.Session(
            session_id=str(uuid.uuid4()),
            account_id=account.account_id,
            role=account.role,
            token_hash=hashlib.sha256(token.encode()).digest(),
            create_time=now(),
            expire_time=now(),
        )
        self.sessions[session.token_hash] = session
        return pb.CreateSessionResponse(session=session, token=token)

    async def BatchGetSellers(self, request: pb.BatchGetSellersRequest, context: Any) -> pb.BatchGetSellersResponse:
        await self.enter("BatchGetSellers", request, context)
        return pb.BatchGetSellersResponse(seller_ids=self.sellers.intersection(request.seller_ids))

    async def DeleteSession(self, request: pb.DeleteSessionRequest, context: Any) -> pb.DeleteSessionResponse:
        await self.enter("DeleteSession", request, context)
        self.sessions.pop(request.token_hash, None)
        return pb.DeleteSessionResponse()

    async def BatchGetSessions(self, request: pb.BatchGetSessionsRequest, context: Any) -> pb.BatchGetSessionsResponse:
        # Read before the call is held up, so that a held answer is one of the past.
        live = [self.sessions[key] for key in request.token_hashes if key in self.sessions]
        await self.enter("BatchGetSessions", request, context)
        return pb.BatchGetSessionsResponse(sessions=live)
