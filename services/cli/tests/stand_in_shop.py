"""What the stand-in shop knows: its stock, its visitors, and every request it was sent."""

import threading
from collections import deque
from dataclasses import dataclass, field

PROBLEMS = {
    401: "The session has ended or never began.",
    403: "This is for others.",
    404: "There is no such thing.",
    409: "The state does not allow it.",
    422: "Some fields are invalid.",
}


@dataclass
class Request:
    method: str
    path: str
    query: dict
    headers: dict
    body: dict


class Refusal(Exception):
    def __init__(self, status, **members):
        self.status = status
        self.problem = {"title": "Refused", "status": status, "detail": PROBLEMS[status], **members}


@dataclass
class Shop:
    url: str = ""
    faults: deque = field(default_factory=deque)
    requests: list = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    books: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    accounts: dict = field(default_factory=dict)
    sessions: dict = field(default_factory=dict)
    carts: dict = field(default_factory=dict)
    orders: dict = field(default_factory=dict)
    receipts: dict = field(default_factory=dict)

    def account(self, request, role=None):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.sessions:
            raise Refusal(401)
        account = self.sessions[token]
        if role and account["role"] != role:
            raise Refusal(403)
        return account

    def keys(self, method, path):
        return [
            request.headers.get("Idempotency-Key")
            for request in self.requests
            if (request.method, request.path) == (method, path)
        ]


def put_up(shop, **properties):
    item_id = f"i-{len(shop.items)}"
    defaults = {"name": "red pen", "category": 3, "keywords": ["red"], "condition": "new", "price_cents": 1250}
    more = {"currency": "USD", "quantity": 10, "seller_id": "a-sally", "created_at": "2026-01-02T03:04:05Z"}
    shop.items[item_id] = {"item_id": item_id, **defaults, **more, "version": 1, **properties}
    return shop.items[item_id]
