"""What every user of the REST API has: an account, a session, requests whose answers are checked, a pause to think."""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from locust import FastHttpUser, task
from locust.env import Environment
from locust.exception import StopUser

from loadtests.options import DEFAULT_URL, running_mesh, thinking

Truth = Callable[[Any], bool]
Mix = Mapping[str, int]
_PASSWORD: Final = "a password for load tests"  # noqa: S105 - of accounts that only load tests use
# Hashing a password is slow on purpose: people who all begin at once sign up a few at a time.
_SIGN_UPS: Final = threading.BoundedSemaphore(2)
_ATTEMPTS: Final = 20


def anything(_answer: Any) -> bool:
    return True


class Shopper(FastHttpUser):
    """Does what its mix says, one action after the other. A subclass has, for each name of a mix, weights by method."""

    abstract = True
    host = running_mesh().get("gateway") or DEFAULT_URL
    role: ClassVar[str | None] = None
    mixes: ClassVar[Mapping[str, Mix]]

    def wait_time(self) -> float:
        return thinking(self.environment)

    def __init__(self, environment: Environment) -> None:
        # Locust does so for the classes that were picked, and not for the vendor of a flash sale.
        self.host = environment.host or self.host
        super().__init__(environment)
        self.account_id = ""
        self._token = ""

    def on_start(self) -> None:
        if self.role:
            self._sign_up(self.role)

    @task
    def act(self) -> None:
        assert self.environment.parsed_options is not None
        mix = self.mixes[self.environment.parsed_options.mix]
        (action,) = random.choices(list(mix), weights=list(mix.values()))  # noqa: S311 - a mix, not a secret
        getattr(self, action)()

    def ask(
        self,
        method: str,
        path: str,
        name: str,
        *,
        body: Any = None,
        key: str | None = None,
        allowed: tuple[int, ...] = (200, 201),
        truth: Truth = anything,
    ) -> Any:
        """The answer, or None when it was refused. Anything but `allowed`, or an untruth, is a failure."""
        headers = {"authorization": f"Bearer {self._token}"} if self._token else {}
        if key:
            headers["idempotency-key"] = key
        with self.client.request(method, path, name=name, json=body, headers=headers, catch_response=True) as response:
            if response.status_code not in allowed:
                response.failure(f"{response.status_code} {response.error or (response.text or '')[:200]}")
                return None
            answer = json.loads(response.text) if response.text else None
            if response.status_code < HTTPStatus.BAD_REQUEST and not truth(answer):
                response.failure(f"untrue: {(response.text or '')[:200]}")
                return None
            response.success()
            return answer if response.status_code < HTTPStatus.BAD_REQUEST else None

    def _sign_up(self, role: str) -> None:
        credentials = {"username": f"locust-{uuid.uuid4()}", "password": _PASSWORD}
        with _SIGN_UPS:
            account = self._ask_until("/v1/accounts", credentials | {"role": role})
            session = self._ask_until("/v1/sessions", credentials)
        self.account_id, self._token = account["account_id"], session["token"]

    def _ask_until(self, path: str, body: Mapping[str, str]) -> Any:
        """Being asked to wait is no failure."""
        for _ in range(_ATTEMPTS):
            answer = self.ask("POST", path, path, body=body, allowed=(201, HTTPStatus.TOO_MANY_REQUESTS))
            if answer is not None:
                return answer
            time.sleep(1.0)
        raise StopUser
