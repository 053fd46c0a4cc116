"""One key with two bodies, at every route that takes a key: the second is 422 and changes nothing."""

import json
from collections.abc import Callable, Iterator

from loadtests.faults.check_answers import KEY_REUSED
from loadtests.faults.history import Outcome
from loadtests.faults.requests import (
    GUEST,
    Request,
    Visitor,
    add_to_cart,
    buy,
    buy_book,
    new_key,
    register_item,
    write,
)
from loadtests.faults.stage import Experiment, Stage

_MULTIPART = {"content-type": "multipart/form-data; boundary=part"}
Route = tuple[str, Callable[[str], Request], Callable[[str], Request]]
"""A name, and two requests that differ in all but the key."""


async def play(stage: Stage) -> None:
    seller, buyer = await stage.shop.sign_up("seller"), await stage.shop.sign_up("buyer")
    offers = (register_item(seller, name, price_cents=500, quantity=50) for name in ("first", "second"))
    first, second = [str((await stage.shop.insist(offer)).told["item_id"]) for offer in offers]
    await stage.shop.insist(buy(buyer, {first: 1}, new_key()))
    for route in _routes(seller, buyer, first, second):
        await _reuse(route, stage)


def _routes(seller: Visitor, buyer: Visitor, first: str, second: str) -> Iterator[Route]:
    item = {"name": "thing", "category": 1, "keywords": [], "condition": "new", "price_cents": 100, "quantity": 1}
    feedback = f"/v1/items/{first}/feedback"
    names = [f"buyer-{new_key()}" for _ in range(2)]
    accounts = [{"username": name, "password": "experiment", "role": "buyer"} for name in names]
    yield "order", lambda key: buy(buyer, {first: 1}, key), lambda key: buy(buyer, {second: 1}, key)
    yield "cart", lambda key: add_to_cart(buyer, first, 1, key), lambda key: add_to_cart(buyer, first, 2, key)
    yield "book", lambda key: buy_book(1, key), lambda key: buy_book(2, key)
    yield (
        "item",
        lambda key: write(seller.name, "/v1/items", item, key, seller.headers),
        lambda key: write(seller.name, "/v1/items", item | {"price_cents": 200}, key, seller.headers),
    )
    yield (
        "feedback",
        lambda key: write(buyer.name, feedback, {"vote": "up"}, key, buyer.headers),
        lambda key: write(buyer.name, feedback, {"vote": "down"}, key, buyer.headers),
    )
    yield (
        "account",
        lambda key: write(GUEST, "/v1/accounts", accounts[0], key, {}),
        lambda key: write(GUEST, "/v1/accounts", accounts[1], key, {}),
    )
    yield (
        "album",
        lambda key: write(GUEST, "/albums", _album("first"), key, _MULTIPART),
        lambda key: write(GUEST, "/albums", _album("second"), key, _MULTIPART),
    )


async def _reuse(route: Route, stage: Stage) -> None:
    name, request, other = route
    key = new_key()
    first, again, reused = [await stage.shop.insist(ask(key)) for ask in (request, request, other)]
    stage.expect(
        first.outcome is Outcome.ACCEPTED and again.told == first.told,
        f"{name}: {first.status}, and the same again: {again.status}",
    )
    stage.expect(
        reused.told.get("reason") == KEY_REUSED,
        f"{name} under the same key with another body: {reused.status} {reused.told.get('reason', '')}",
    )


def _album(title: str) -> bytes:
    """The least that passes for an image, and a profile."""
    image = b"\x89PNG\r\n\x1a\n" + title.encode()
    profile = json.dumps({"artist": "someone", "title": title, "year": "2026"}).encode()
    parts = (
        b'name="image"; filename="cover.png"\r\ncontent-type: image/png\r\n\r\n' + image,
        b'name="profile"\r\ncontent-type: application/json\r\n\r\n' + profile,
    )
    opened = (b"--part\r\ncontent-disposition: form-data; " + part + b"\r\n" for part in parts)
    return b"".join(opened) + b"--part--\r\n"


EXPERIMENT = Experiment("key-reuse", "one key with two bodies is 422 at every route", play)
