"""The account service: accounts, passwords and sessions."""

from typing import Final

from agora.account.v1.account_pb2_grpc import AccountServiceStub
from grpc.aio import Channel

from agora.account.v1 import account_pb2 as pb
from chassis.grpc_client import call
from gateway.clients.look_ups import LookUp

Session = pb.Session

ROLES: Final = {"buyer": pb.ROLE_BUYER, "seller": pb.ROLE_SELLER}
ROLE_NAMES: Final = {role: name for name, role in ROLES.items()}


class Accounts:
    def __init__(self, channel: Channel) -> None:
        self._stub = AccountServiceStub(channel)
        self._sessions = LookUp("sessions", self._fetch_sessions)

    async def create_account(self, request: pb.CreateAccountRequest) -> pb.Account:
        # Passwords are hashed slowly by design: a second replica would only do the same work again.
        return (await call(self._stub.CreateAccount, request, pb.CreateAccountResponse, hedge=False)).account

    async def create_session(self, request: pb.CreateSessionRequest) -> pb.CreateSessionResponse:
        return await call(self._stub.CreateSession, request, pb.CreateSessionResponse, hedge=False)

    async def delete_session(self, token_hash: bytes) -> None:
        await call(self._stub.DeleteSession, pb.DeleteSessionRequest(token_hash=token_hash), pb.DeleteSessionResponse)

    async def find_session(self, token_hash: bytes) -> Session | None:
        return await self._sessions.find(token_hash)

    async def _fetch_sessions(self, token_hashes: list[bytes]) -> dict[bytes, Session]:
        request = pb.BatchGetSessionsRequest(token_hashes=token_hashes)
        response = await call(self._stub.BatchGetSessions, request, pb.BatchGetSessionsResponse)
        return {session.token_hash: session for session in response.sessions}

    async def get_sellers(self, seller_ids: list[str]) -> set[str]:
        """Those that are ids of sellers; at most 1000 are asked for."""
        request = pb.BatchGetSellersRequest(seller_ids=seller_ids)
        return set((await call(self._stub.BatchGetSellers, request, pb.BatchGetSellersResponse)).seller_ids)
