"""What an Idempotency-Key becomes on its way to the services, and what If-Match does."""

import httpx
import pytest

KEY = {"Idempotency-Key": "key-1"}


@pytest.fixture
def far_http(gateway, mesh):
    """A visitor at another address than `http`."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), base_url=gateway.url) as client:
        yield client


def ids_of(tier, rpc):
    return [call.request.request_id for call in tier.calls_of(rpc)]


def test_a_key_without_a_session_belongs_to_the_address_and_the_route(http, far_http, mesh):
    for client, path in ((http, "/books/1"), (http, "/books/2"), (far_http, "/books/1")):
        client.post(path, headers=KEY)
    account = {"username": "key-holder", "password": "correct horse", "role": "buyer"}
    http.post("/v1/accounts", json=account, headers=KEY)
    near, other_book, far = ids_of(mesh.order, "PlaceOrder")
    assert near == other_book
    assert len({near, far, *ids_of(mesh.account, "CreateAccount"), "key-1"}) == 4


def test_a_key_with_a_session_belongs_to_the_account_and_the_route(sign_up, item, mesh):
    line = {"item_id": item["item_id"], "quantity": 1}
    path = f"/v1/cart/items/{item['item_id']}"
    for buyer in (sign_up("buyer"), sign_up("buyer")):
        for _ in range(2):
            buyer.http.post("/v1/cart/items", json=line, headers=KEY)
        buyer.http.delete(path, headers=KEY)
        buyer.http.delete("/v1/cart", headers=KEY)
        buyer.http.post("/v1/cart/save", headers=KEY)
    added = ids_of(mesh.order, "AddCartItem")
    assert added[0] == added[1] != added[2] == added[3]
    others = [*ids_of(mesh.order, "RemoveCartItem"), *ids_of(mesh.order, "ClearCart"), *ids_of(mesh.order, "SaveCart")]
    assert len({*added, *others, "key-1"}) == 9


def test_keys_of_accounts_are_those_of_before_where_services_scope_them(seller, buyer, lamp, mesh):
    item = seller.http.post("/v1/items", json=lamp, headers=KEY).json()
    lines = {"lines": [{"item_id": item["item_id"], "quantity": 1}]}
    assert buyer.http.post("/v1/orders", json=lines, headers=KEY).status_code == 201
    assert buyer.http.post(f"/v1/items/{item['item_id']}/feedback", json={"vote": "up"}, headers=KEY).is_success
    [registration] = mesh.catalog.calls_of("BatchRegisterItems")
    assert [new.request_id for new in registration.request.requests] == ["key-1"]
    assert ids_of(mesh.order, "PlaceOrder") == ids_of(mesh.review, "LeaveFeedback") == ["key-1"]


def test_changes_without_a_key_get_ids_of_their_own(seller, item, mesh):
    path = f"/v1/items/{item['item_id']}"
    for headers in ({}, {}, KEY, KEY):
        assert seller.http.patch(path, json={"quantity": 9}, headers=headers).status_code == 200
    first, second, keyed, again = ids_of(mesh.catalog, "UpdateItem")
    assert len({first, second, keyed, ""}) == 4
    assert keyed == again


@pytest.mark.parametrize(
    ("if_match", "versions"),
    [
        (None, []),
        ("*", []),
        ('"3"', [3]),
        ('"3", "5" ,"7"', [3, 5, 7]),
        ('W/"3"', [0]),
        ('"three"', [0]),
        ('"three", "3"', [3]),
        ('"-1"', [0]),
        ('"9999999999999999999"', [0]),
    ],
)
def test_if_match_names_the_expected_versions(seller, item, mesh, if_match, versions):
    headers = {} if if_match is None else {"If-Match": if_match}
    seller.http.patch(f"/v1/items/{item['item_id']}", json={"quantity": 9}, headers=headers)
    assert list(mesh.catalog.calls_of("UpdateItem")[-1].request.expected_versions) == versions


@pytest.mark.parametrize("if_match", ["3", '"3', "", '"3",', "**", '"3" "5"'])
def test_a_malformed_if_match_is_named(seller, item, mesh, if_match):
    path = f"/v1/items/{item['item_id']}"
    answer = seller.http.patch(path, json={"quantity": 9}, headers={"If-Match": if_match})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "If-Match")
    assert not mesh.catalog.calls_of("UpdateItem")


def test_items_answer_with_their_version_as_etag(seller, lamp):
    registered = seller.http.post("/v1/items", json=lamp)
    path = f"/v1/items/{registered.json()['item_id']}"
    changed = seller.http.patch(path, json={"quantity": 9})
    shown = seller.http.get(path)
    assert [answer.headers["etag"] for answer in (registered, changed, shown)] == ['"1"', '"2"', '"2"']
