"""A request in, an answer out: the method, the session, the use case, and refusals as gRPC would speak them."""

import hashlib
import time
from typing import Any, Final

from google.protobuf.message import DecodeError, Message
from grpc import StatusCode

from account.domain import Session
from account.sessions import Sessions, hash_of
from chassis import metrics
from chassis.context import RequestContext, enter
from chassis.errors import Refusal
from chassis.grpc_server import refusal_of
from chassis.status import RemoteRefusal, code_of, serialize
from monolith.frames import OK, Answer, Request
from monolith.methods import Caller, Method, methods_of
from monolith.refusals import SessionEnded, SessionRequired, UnreadablePayload, WrongRole
from monolith.shop import Shop

# Names that clients make up must not each become a time series.
_UNKNOWN: Final = "_UNKNOWN"


class Dispatch:
    def __init__(self, shop: Shop) -> None:
        self._sessions: Sessions = shop.sessions
        self._methods = methods_of(shop)
        self._carts_in_use = shop.carts_in_use
        self._succeeded = {name: metrics.RPC_DURATION.labels(name, "OK") for name in self._methods}

    async def answer(self, request: Request, client_address: str) -> Answer:
        """Never raises: what nobody foresaw is answered as INTERNAL, and logged."""
        started = time.perf_counter()
        enter(RequestContext())
        try:
            response = await self._call(request, client_address)
        except Exception as error:
            return self._refused(request, refusal_of(error, request.method), started)
        self._succeeded[request.method].observe(time.perf_counter() - started)
        return Answer(request.number, OK, response.SerializeToString())

    async def _call(self, request: Request, client_address: str) -> Message:
        method = self._methods.get(request.method)
        if method is None:
            raise _unknown_method()
        message = _message(method, request.payload)
        if method.is_limited_by_address:
            message.client_address = client_address
        if method.caller is Caller.ANYONE:
            _scope_request_id(message, client_address)
        else:
            method.sign(message, await self._session(request.token, method.caller))
        return await method.behaviour(message, None)

    async def _session(self, token: str, caller: Caller) -> Session:
        if not token:
            raise SessionRequired
        live = await self._sessions.live([hash_of(token)])
        if not live:
            raise SessionEnded
        if caller is not Caller.SIGNED_IN and live[0].role is not caller.value:
            raise WrongRole(str(caller.value))
        self._carts_in_use.use(live[0].session_id)
        return live[0]

    def _refused(self, request: Request, refusal: Refusal, started: float) -> Answer:
        code = code_of(refusal)
        name = request.method if request.method in self._methods else _UNKNOWN
        metrics.RPC_DURATION.labels(name, code.name).observe(time.perf_counter() - started)
        return refusal_answer(request.number, refusal)


def refusal_answer(number: int, refusal: Refusal) -> Answer:
    """The payload is the `google.rpc.Status` that gRPC would carry in its trailers."""
    return Answer(number, code_of(refusal).value[0], serialize(refusal))


def _unknown_method() -> RemoteRefusal:
    """Anew each time: an exception keeps the frames of every time it was raised."""
    return RemoteRefusal(StatusCode.UNIMPLEMENTED, "UNKNOWN_METHOD", "there is no such method", {})


def _message(method: Method, payload: bytes) -> Any:
    try:
        return method.request_type.FromString(payload)
    except DecodeError:
        raise UnreadablePayload(method.request_type.DESCRIPTOR.full_name) from None


def _scope_request_id(message: Any, client_address: str) -> None:
    """Make a request id of a client without a session one of its address, as the gateway does (ADR 9)."""
    if "request_id" in message.DESCRIPTOR.fields_by_name and message.request_id:
        scoped = f"{client_address}\0{message.DESCRIPTOR.full_name}\0{message.request_id}"
        message.request_id = hashlib.sha256(scoped.encode()).hexdigest()
