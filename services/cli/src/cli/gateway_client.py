"""The shop over REST: operations become HTTP requests, repeated when that is safe, and answers become JSON."""

import json
import time
import uuid
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from cli.errors import AnswerLost, NotTheShop, Refused, Unreachable, WrongUsage
from cli.operations import Operation
from cli.problems import refusal
from cli.transport import Answer

TIMEOUT: Final = httpx.Timeout(10.0, connect=3.0)
PAUSES_BEFORE_REPEATING_S: Final = (0.1, 0.4)
MAX_ANSWER_BYTES: Final = 16 * 1024 * 1024


class Reply(NamedTuple):
    status: int
    body: bytes


class GatewayClient:
    """One connection to a gateway, used for one command."""

    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._token = token
        # Without TLS there is nothing to verify, and loading the certificates would be a good part of the run time.
        self._http = httpx.Client(timeout=TIMEOUT, verify=url.startswith("https:"))

    def call(self, operation: Operation, fields: Mapping[str, object], *, key: str | None = None) -> Answer:
        request = self._request(operation, fields, key or str(uuid.uuid4()))
        reply = self._send_persistently(request)
        return self._answer(reply, operation)

    def close(self) -> None:
        self._http.close()

    def _request(self, operation: Operation, fields: Mapping[str, object], key: str) -> httpx.Request:
        remaining: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
        in_path = {name: str(remaining.pop(name)) for name in fields if f"{{{name}}}" in operation.path}
        has_body = operation.method in ("POST", "PATCH")
        try:
            return self._http.build_request(
                operation.method,
                self._url + operation.path.format(**{name: quote(text, safe="") for name, text in in_path.items()}),
                params=None if has_body else remaining,
                json=remaining if has_body else None,
                headers=self._headers(operation, key),
            )
        except (UnicodeError, httpx.InvalidURL) as cause:
            raise WrongUsage(f"this cannot be sent: {cause}") from cause

    def _headers(self, operation: Operation, key: str) -> dict[str, str]:
        headers = {"Accept": "application/json, application/problem+json"}
        if operation.changes_something:
            headers["Idempotency-Key"] = key
        if self._token and not operation.public:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _send_persistently(self, request: httpx.Request) -> Reply:
        """Repeating is safe: reads change nothing, and of changes with one key the shop makes one.

        A timeout is not repeated, since it has cost the visitor enough time already.
        """
        may_have_arrived = False
        pauses = iter(PAUSES_BEFORE_REPEATING_S)
        while True:
            pause = next(pauses, None)
            try:
                reply = self._send(request)
            except httpx.TransportError as cause:
                may_have_arrived |= not isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout)
                if pause is None or isinstance(cause, httpx.TimeoutException):
                    raise self._no_answer(cause, may_have_arrived=may_have_arrived) from cause
            else:
                if pause is None or reply.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return reply
                may_have_arrived = True
            time.sleep(pause)

    def _no_answer(self, cause: httpx.TransportError, *, may_have_arrived: bool) -> Unreachable:
        message = f"no answer from {self._url}: {str(cause) or 'timed out'}"
        if may_have_arrived:
            return AnswerLost(message)
        failure = Unreachable(message)
        failure.add_note("Is the shop running? On this machine, agora mesh up starts it.")
        return failure

    def _send(self, request: httpx.Request) -> Reply:
        body = bytearray()
        with closing(self._http.send(request, stream=True)) as response:
            try:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER_BYTES:
                        raise NotTheShop(f"the answer from {self._url} does not end after {MAX_ANSWER_BYTES} bytes")
            except httpx.DecodingError as cause:
                raise NotTheShop(f"the answer from {self._url} cannot be decoded: {cause}") from cause
        return Reply(response.status_code, bytes(body))

    def _answer(self, reply: Reply, operation: Operation) -> Answer:
        if reply.status == HTTPStatus.NO_CONTENT:
            return {}
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            document = None
        if reply.status >= HTTPStatus.BAD_REQUEST and isinstance(document, dict):
            raise self._refusal(reply.status, document, operation)
        if reply.status >= HTTPStatus.MULTIPLE_CHOICES or not isinstance(document, dict | list):
            raise NotTheShop(f"{self._url} answered {reply.status}, but not as a gateway of the shop does")
        return document

    def _refusal(self, status: int, problem: dict[str, object], operation: Operation) -> Refused:
        refused = refusal(status, problem)
        if status == HTTPStatus.UNAUTHORIZED and not operation.public:
            refused.add_note(f"Log in {'again' if self._token else 'first'}: agora login")
        return refused
