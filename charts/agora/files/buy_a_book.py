"""Buys a book as a customer would: `python3 buy_a_book.py URL`. Exits with one line when the shop does not sell it."""
# ruff: noqa: INP001, S310 - a script, which opens the URL it is given

import json
import sys
import urllib.request
import uuid
from typing import Any

URL = sys.argv[1]
TOPIC = "/books?topic=distributed%20systems"


def call(method: str, path: str) -> Any:
    headers = {"idempotency-key": str(uuid.uuid4())} if method == "POST" else {}
    request = urllib.request.Request(URL + path, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except OSError as error:
        sys.exit(f"{method} {path}: {error}")


def expect(what: str, holds: bool) -> None:
    if not holds:
        sys.exit(f"not so: {what}")
    print(f"ok: {what}")


books = call("GET", TOPIC)
expect("three books on distributed systems are for sale", len(books) == 3)
path = f"/books/{books[0]['id']}"
before = call("GET", path)["count"]
order = call("POST", path)
expect(f"order {order['OrderId']} succeeded", order["Order status"] == "Success")
# Others may be buying too, so the count has fallen by one at least.
expect("the shop has fewer copies than before", call("GET", path)["count"] < before)
expect("the marketplace answers", "items" in call("GET", "/v1/items?page_size=1"))
