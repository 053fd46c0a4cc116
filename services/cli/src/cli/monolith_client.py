"""The shop over a raw socket: operations become frames to the monolith, and its messages the JSON of the contract."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from cli.errors import AnswerLost, NotTheShop, Refused, Unreachable, WrongUsage
from cli.monolith_calls import CALLS, Absent
from cli.operations import Operation
from cli.transport import Answer
from monolith.client import SocketClient, SocketRefusal
from monolith.frames import MalformedFrame

TIMEOUT_S: Final = 10.0
# gRPC's codes by the HTTP status the gateway gives them.
_STATUSES: Final = {
    3: HTTPStatus.UNPROCESSABLE_ENTITY,
    4: HTTPStatus.GATEWAY_TIMEOUT,
    5: HTTPStatus.NOT_FOUND,
    6: HTTPStatus.CONFLICT,
    7: HTTPStatus.FORBIDDEN,
    8: HTTPStatus.TOO_MANY_REQUESTS,
    9: HTTPStatus.CONFLICT,
    10: HTTPStatus.CONFLICT,
    14: HTTPStatus.SERVICE_UNAVAILABLE,
    16: HTTPStatus.UNAUTHORIZED,
}


class MonolithClient:
    """One connection to a monolith, used for one command."""

    def __init__(self, url: str, token: str | None) -> None:
        address = urlsplit(url)
        if not address.hostname or not address.port or address.path:
            raise WrongUsage(f"--url {url}: expected something like tcp://127.0.0.1:9000")
        self._url = url
        self._token = token or ""
        try:
            self._client = SocketClient(address.hostname, address.port, timeout_s=TIMEOUT_S)
        except OSError as cause:
            failure = Unreachable(f"no answer from {url}: {cause}")
            failure.add_note("Is the shop running? `monolith` in .local/mesh.json is where it listens.")
            raise failure from cause

    def call(self, operation: Operation, fields: Mapping[str, object], *, key: str | None = None) -> Answer:
        call = CALLS.get(operation)
        if call is None:
            raise self._log_in_first("books are sold over REST, or to a buyer who is logged in")
        given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        try:
            request = call.request(given, key or str(uuid.uuid4()))
            token = "" if operation.public else self._token
            return call.document(self._client.call(call.method, request, call.response_type, token=token))
        except Absent as absent:
            raise Refused(HTTPStatus.NOT_FOUND, str(absent)) from None
        except SocketRefusal as refusal:
            raise self._refused(refusal) from None
        except MalformedFrame as cause:
            raise NotTheShop(f"{self._url} does not speak the socket protocol: {cause}") from cause
        except OSError as cause:
            raise AnswerLost(f"no answer from {self._url}: {str(cause) or 'timed out'}") from cause
        except (ValueError, UnicodeError) as cause:
            raise WrongUsage(f"this cannot be sent: {cause}") from cause

    def close(self) -> None:
        self._client.close()

    def _refused(self, refusal: SocketRefusal) -> Refused:
        status = _STATUSES.get(refusal.code, HTTPStatus.INTERNAL_SERVER_ERROR)
        if status == HTTPStatus.UNAUTHORIZED:
            return self._log_in_first(str(refusal))
        return Refused(status, str(refusal))

    def _log_in_first(self, message: str) -> Refused:
        refused = Refused(HTTPStatus.UNAUTHORIZED, message)
        refused.add_note(f"Log in {'again' if self._token else 'first'}: agora --url {self._url} login")
        return refused
