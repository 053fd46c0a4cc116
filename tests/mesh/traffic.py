"""Everything the shop does, again and again, so that there is something to see of each of it."""

import threading
from itertools import count
from typing import Self
from uuid import uuid4

import httpx

from .conftest import Mesh

PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
ITEM = {
    "name": "Desk lamp",
    "category": 3,
    "keywords": ["red"],
    "condition": "new",
    "price_cents": 1250,
    "quantity": 1000,
}


class Traffic:
    """One round after the other, in a thread, for as long as the block lasts. `ids` are those it has used so far."""

    def __init__(self, mesh: Mesh) -> None:
        self._client = httpx.Client(base_url=mesh.url, timeout=60)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._rounds = count()
        self.ids: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(30)
        self.close()

    def close(self) -> None:
        self._client.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.round()

    def round(self) -> None:
        """A seller offers, a buyer buys in every way and is refused in every way, books and albums are looked at."""
        seller, buyer = self._person("seller"), self._person("buyer")
        item_id = self._note(self._call("POST", "/v1/items", seller, json=ITEM).json()["item_id"])
        self._browse(item_id)
        self._buy(buyer, item_id)
        self._refused(buyer, item_id)
        self._call("POST", f"/v1/items/{item_id}/feedback", buyer, json={"vote": "up"})
        self._call("PATCH", f"/v1/items/{item_id}", seller, json={"price_cents": 990 + next(self._rounds)})
        self._vote()
        for person in (seller, buyer):
            self._call("DELETE", "/v1/sessions/current", person)

    def _browse(self, item_id: str) -> None:
        for _ in range(3):
            self._call("GET", f"/v1/items/{item_id}")
            self._call("GET", "/v1/items?category=3&keyword=red")
            self._call("GET", "/books?topic=distributed%20systems")
        self._call("GET", f"/nowhere/{self._note(uuid4().hex)}")

    def _buy(self, buyer: str, item_id: str) -> None:
        order = {"lines": [{"item_id": item_id, "quantity": 1}]}
        key = {"idempotency-key": self._note(uuid4().hex)}
        for _ in range(2):
            self._note(self._call("POST", "/v1/orders", buyer, json=order, headers=key).json()["order_id"])
        self._call("POST", "/v1/cart/items", buyer, json={"item_id": item_id, "quantity": 1})
        self._call("POST", "/v1/orders", buyer, headers={"idempotency-key": uuid4().hex})
        self._call("POST", "/books/1", headers={"idempotency-key": uuid4().hex})

    def _refused(self, buyer: str, item_id: str) -> None:
        too_many = {"lines": [{"item_id": item_id, "quantity": 999_999}]}
        self._call("POST", "/v1/orders", buyer, json=too_many, headers={"idempotency-key": uuid4().hex})
        self._call("POST", "/v1/sessions", json={"username": f"nobody-{uuid4().hex[:12]}", "password": "wrong horse"})

    def _vote(self) -> None:
        profile = '{"artist": "AgoraBand", "title": "Live", "year": "1999"}'
        form = {"image": ("cover.png", PNG, "image/png"), "profile": ("profile", profile, "application/json")}
        album_id = self._note(str(self._call("POST", "/albums", files=form).json()["albumID"]))
        for verb in ("like", "dislike"):
            self._call("POST", f"/review/{verb}/{album_id}")
        self._call("GET", f"/review/{album_id}")

    def _person(self, role: str) -> str:
        """The token of somebody new."""
        credentials = {"username": f"{role}-{uuid4().hex[:12]}", "password": "correct horse"}
        self._call("POST", "/v1/accounts", json=credentials | {"role": role})
        session = self._call("POST", "/v1/sessions", json=credentials).json()
        self._note(session["account_id"])
        return str(session["token"])

    def _call(
        self, method: str, path: str, token: str = "", headers: dict[str, str] | None = None, **body
    ) -> httpx.Response:
        signed = (headers or {}) | ({"authorization": f"Bearer {token}"} if token else {})
        answer = self._client.request(method, path, headers=signed, **body)
        assert answer.status_code < 500, answer.text
        return answer

    def _note(self, identifier: str) -> str:
        self.ids.add(identifier)
        return identifier
