"""The shop as its clients meet it: through any of its gateways, each request noted in the history."""

import asyncio
import time
from http import HTTPStatus
from typing import Any

from loadtests.faults.connection import Answer, ConnectionPool, NoAnswer
from loadtests.faults.history import Attempt, Outcome, Recorder
from loadtests.faults.requests import Facts, Request, Visitor, new_key

# A little more than the deadline that the gateways set themselves.
ANSWER_WITHIN_S = 6.0
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 0.8
_SIGN_UPS_AT_ONCE = 4
_PASSWORD = "experiment"  # noqa: S105 - of accounts that live as long as their mesh


class Shop:
    def __init__(self, gateways: list[str], recorder: Recorder) -> None:
        self.gateways = gateways
        self._recorder = recorder
        self._connections = ConnectionPool()

    async def send(self, request: Request, gateway: int = 0, *, within_s: float = ANSWER_WITHIN_S) -> Attempt:
        """Once, through the gateway of that number."""
        url = self.gateways[gateway % len(self.gateways)]
        attempt = self._recorder.invoked(request.call, request.client, request.key, url, request.asked)
        try:
            answer = await self._connections.request(
                url, request.method, request.path, request.headers, request.body, within_s=within_s
            )
        except NoAnswer as error:
            self._recorder.unanswered(attempt, str(error))
        else:
            told = _facts_of(answer, request)
            self._recorder.answered(attempt, answer.status, told, ",".join(answer.served_by))
        return attempt

    async def insist(self, request: Request, gateway: int = 0, *, for_s: float = 20.0) -> Attempt:
        """Again under the same key, through one gateway after the other, until the outcome is known or time is up.

        This is what a client behind any load balancer does: a gateway that refuses the connection is passed over.
        """
        deadline = time.monotonic() + for_s
        pause = _FIRST_PAUSE_S
        while True:
            attempt = await self.send(request, gateway)
            if attempt.outcome is not Outcome.UNKNOWN or time.monotonic() + pause > deadline:
                return attempt
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            gateway += 1

    async def sign_up(self, role: str) -> Visitor:
        """A new account and its session; this is the setting of a scenario, so no history mentions it."""
        name = f"{role}-{new_key()}"
        credentials = {"username": name, "password": _PASSWORD}
        await self._set_up("/v1/accounts", credentials | {"role": role})
        session = await self._set_up("/v1/sessions", credentials)
        return Visitor(session["account_id"], session["token"])

    async def sign_up_many(self, role: str, number: int) -> list[Visitor]:
        at_once = asyncio.Semaphore(_SIGN_UPS_AT_ONCE)

        async def sign_up() -> Visitor:
            async with at_once:
                return await self.sign_up(role)

        return await asyncio.gather(*(sign_up() for _ in range(number)))

    async def ask(self, path: str, gateway: int = 0, *, within_s: float = ANSWER_WITHIN_S) -> Answer:
        """A read that no history mentions, such as one for the health of a gateway. Raises NoAnswer."""
        return await self._connections.request(self.gateways[gateway], "GET", path, {}, None, within_s=within_s)

    async def _set_up(self, path: str, body: object) -> Any:
        answer = await self._connections.request(self.gateways[0], "POST", path, {}, body, within_s=ANSWER_WITHIN_S)
        if answer.status != HTTPStatus.CREATED:
            raise RuntimeError(f"POST {path} was answered with {answer.status} {answer.body}")
        return answer.body

    async def aclose(self) -> None:
        await self._connections.aclose()


def _facts_of(answer: Answer, request: Request) -> Facts:
    if answer.status < HTTPStatus.BAD_REQUEST:
        return request.facts_of(answer.body)
    return {"reason": answer.body.get("reason", "")} if isinstance(answer.body, dict) else {}
