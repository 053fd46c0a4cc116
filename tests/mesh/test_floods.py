"""A mesh under clients that guess passwords and search without pause, and what honest clients notice of it.

Bounds are the figures that the limits are for, or ratios to the same clients left alone on a slower machine.
"""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from uuid import uuid4

import httpx
import pytest

from .conftest import running_mesh

ROUNDS = 10
PASSWORD = "correct horse"
ITEM = {"name": "Lamp", "category": 3, "keywords": [], "condition": "new", "price_cents": 100, "quantity": 1_000_000}
# Of one address at accounts that are not its own, at once; a few more may be under way.
GUESSES_OF_AN_ADDRESS = 50 + 5


class Honest:
    """Somebody with an account and an item to buy."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._credentials = {"username": f"buyer-{uuid4().hex[:12]}", "password": PASSWORD}
        seller = {"username": f"seller-{uuid4().hex[:12]}", "password": PASSWORD}
        for credentials, role in ((self._credentials, "buyer"), (seller, "seller")):
            assert http.post("/v1/accounts", json=credentials | {"role": role}).status_code == 201
        signed = self._headers(self.sign_in(seller))
        self._item_id = http.post("/v1/items", json=ITEM, headers=signed).json()["item_id"]
        self._signed = self._headers(self.sign_in())

    def medians(self) -> dict[str, float]:
        """How long each kind of request takes, in seconds."""
        seconds = defaultdict(list)
        for _ in range(ROUNDS):
            for work in (self.read, self.order, self.read, self.sign_in, self.read):
                started = time.perf_counter()
                assert work().is_success
                seconds[work.__name__].append(time.perf_counter() - started)
        return {name: median(several) for name, several in seconds.items()}

    def read(self) -> httpx.Response:
        return self._http.get(f"/v1/items/{self._item_id}")

    def sign_in(self, credentials: dict[str, str] | None = None) -> httpx.Response:
        return self._http.post("/v1/sessions", json=credentials or self._credentials)

    def order(self) -> httpx.Response:
        lines = {"lines": [{"item_id": self._item_id, "quantity": 1}]}
        return self._http.post("/v1/orders", json=lines, headers=self._signed | {"idempotency-key": uuid4().hex})

    def _headers(self, signed_in: httpx.Response) -> dict[str, str]:
        return {"authorization": f"Bearer {signed_in.json()['token']}"}


@pytest.fixture(scope="module")
def flooded():
    with running_mesh(AGORA_SAMPLE_ITEMS="20000") as mesh:
        yield mesh


@pytest.fixture(scope="module")
def honest(flooded):
    with httpx.Client(base_url=flooded.url, timeout=60, verify=False) as http:
        yield Honest(http)


@pytest.fixture(scope="module")
def alone(honest):
    honest.medians()
    return honest.medians()


@contextmanager
def flood(mesh, kind: str, *, senders: int, sources: int = 1) -> Iterator[Counter[int]]:
    """Senders as long as the block lasts; afterwards the answers they got, by status."""
    command = [sys.executable, Path(__file__).with_name("floods.py"), kind, mesh.url, str(senders), str(sources)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    answers: Counter[int] = Counter()
    try:
        yield answers
    finally:
        output, _ = process.communicate(timeout=60)
    answers.update({int(status): number for status, number in json.loads(output).items()})


@pytest.mark.parametrize("sources", [1, 10])
def test_guesses_leave_reads_and_sign_ins_alone(flooded, honest, alone, sources):
    with flood(flooded, "guesses", senders=300, sources=sources) as answers:
        during = honest.medians()
    assert answers.keys() <= {401, 429, 504}
    assert 0 < answers[401] <= sources * GUESSES_OF_AN_ADDRESS
    assert during["read"] < max(0.1, 20 * alone["read"])
    assert during["sign_in"] < max(3.0, 10 * alone["sign_in"])


def test_guesses_at_one_account_meet_a_limit(flooded):
    credentials = {"username": "victim-of-one", "password": PASSWORD}
    with httpx.Client(base_url=flooded.url, timeout=60, verify=False) as http:
        assert http.post("/v1/accounts", json=credentials | {"role": "buyer"}).status_code == 201
        guesses = [http.post("/v1/sessions", json=credentials | {"password": f"a guess {n}"}) for n in range(6)]
    assert Counter(guess.status_code for guess in guesses) == {401: 4, 429: 2}
    assert guesses[-1].json()["reason"] == "TOO_MANY_ATTEMPTS"
    assert 0 < int(guesses[-1].headers["retry-after"]) <= 900


def test_searches_leave_orders_alone(flooded, honest, alone):
    with flood(flooded, "searches", senders=30) as answers:
        during = honest.medians()
    assert answers.keys() <= {200, 429}
    assert during["order"] < max(0.06, 3 * alone["order"])
    assert during["read"] < max(0.1, 20 * alone["read"])
