"""Clients of a shop that others abuse: they read, sign in and order, and note how long each takes."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from uuid import uuid4

import httpx
from agora.catalog.v1.catalog_pb2 import SearchItemsRequest, SearchItemsResponse

from monolith.client import SocketClient

PASSWORD = "correct horse"
ITEM = {"name": "Lamp", "category": 3, "keywords": [], "condition": "new", "price_cents": 100, "quantity": 1_000_000}
BOOKS = SearchItemsRequest(topic="distributed systems")


class Latencies:
    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = defaultdict(list)

    def note(self, what: str, seconds: float) -> None:
        self._seconds[what].append(seconds)

    def percentile(self, what: str, percent: int) -> float:
        """Return the percentile, or the greatest when there are few."""
        ordered = sorted(self._seconds[what])
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@contextmanager
def repeating(**work: tuple[float, Callable[[], None]]) -> Iterator[Latencies]:
    """Each by its name, in a thread, every so many seconds while the block lasts. Raises what went wrong for any."""
    latencies, stopping, errors = Latencies(), threading.Event(), []

    def repeat(name: str, every_s: float, act: Callable[[], None]) -> None:
        try:
            while True:
                started = time.perf_counter()
                act()
                latencies.note(name, time.perf_counter() - started)
                if stopping.wait(every_s):
                    return
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(name, *act)) for name, act in work.items()]
    for thread in threads:
        thread.start()
    try:
        yield latencies
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    for error in errors:
        raise error


class Shoppers:
    """Clients of one gateway."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._username = f"honest-{uuid4().hex[:12]}"
        self._clients = []
        self._item = self._account("seller").post("/v1/items", json=ITEM).json()["item_id"]
        self._buyer = self._account("buyer")
        self._reader = self._client()

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def working(self) -> AbstractContextManager[Latencies]:
        return repeating(
            read=(0.02, self._read),
            connect=(0.1, self._connect),
            sign_in=(0.5, self._sign_in),
            order=(0.1, self._order),
        )

    def _client(self) -> httpx.Client:
        # Without TLS there is nothing to verify, and loading the certificates would take most of a test's time.
        self._clients.append(httpx.Client(base_url=self._url, timeout=30, verify=False))
        return self._clients[-1]

    def _account(self, role: str) -> httpx.Client:
        client = self._client()
        credentials = {"username": f"{self._username}-{role}", "password": PASSWORD}
        client.post("/v1/accounts", json=credentials | {"role": role}).raise_for_status()
        token = client.post("/v1/sessions", json=credentials).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        return client

    def _read(self) -> None:
        self._reader.get(f"/v1/items/{self._item}").raise_for_status()

    def _connect(self) -> None:
        httpx.get(f"{self._url}/v1/items/{self._item}", timeout=30, verify=False).raise_for_status()

    def _sign_in(self) -> None:
        credentials = {"username": f"{self._username}-buyer", "password": PASSWORD}
        httpx.post(f"{self._url}/v1/sessions", json=credentials, timeout=30, verify=False).raise_for_status()

    def _order(self) -> None:
        lines = {"lines": [{"item_id": self._item, "quantity": 1}]}
        self._buyer.post("/v1/orders", json=lines, headers={"idempotency-key": uuid4().hex}).raise_for_status()


class Searcher:
    """A client of the monolith."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._client = SocketClient(host, int(port), timeout_s=30)

    def close(self) -> None:
        self._client.close()

    def working(self) -> AbstractContextManager[Latencies]:
        return repeating(search=(0.02, self._search))

    def _search(self) -> None:
        method = "agora.catalog.v1.CatalogService/SearchItems"
        assert self._client.call(method, BOOKS, SearchItemsResponse).items
