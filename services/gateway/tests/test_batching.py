"""Look-ups that arrive together travel together."""

import json
from http.client import HTTPConnection


def ask_together(gateway, tier, paths, headers=None):
    """The answers to requests that were all read by the gateway before `tier` answered any call."""
    connections = [HTTPConnection("127.0.0.1", gateway.http_port, timeout=60) for _ in paths]
    for connection in connections:
        answer_to(connection, "/healthz")
    tier.gate.clear()
    for connection, path in zip(connections, paths, strict=True):
        connection.request("GET", path, headers=headers or {})
    # The answer to what was asked last tells that all before it was read.
    with gateway.client() as prober:
        prober.get("/healthz")
    tier.gate.set()
    answers = [connection.getresponse() for connection in connections]
    read = [(answer.status, json.loads(answer.read())) for answer in answers]
    for connection in connections:
        connection.close()
    return read


def answer_to(connection, path):
    connection.request("GET", path)
    connection.getresponse().read()


def test_fifty_look_ups_make_few_calls_and_ask_for_each_item_once_a_call(gateway, mesh):
    paths = [f"/v1/items/{1 + number % 3}" for number in range(50)]
    answers = ask_together(gateway, mesh.catalog, paths)
    assert [item["item_id"] for _, item in answers] == [path[-1] for path in paths]
    calls = mesh.catalog.calls_of("BatchGetItems")
    assert len(calls) <= 10
    for call in calls:
        assert len(set(call.request.item_ids)) == len(call.request.item_ids)


def test_ratings_and_sessions_are_looked_up_together_too(gateway, mesh, buyer):
    mesh.account.sellers |= set(map(str, range(50)))
    paths = [f"/v1/sellers/{number}/rating" for number in range(50)]
    answers = ask_together(gateway, mesh.account, paths, {"authorization": f"Bearer {buyer.token}"})
    assert [rating["seller_id"] for _, rating in answers] == [str(number) for number in range(50)]
    assert len(mesh.account.calls_of("BatchGetSessions")) <= 10
    assert len(mesh.review.calls_of("BatchGetSellerRatings")) <= 25
    # Who is a seller is asked for once.
    mesh.calm()
    ask_together(gateway, mesh.account, paths, {"authorization": f"Bearer {buyer.token}"})
    assert mesh.account.calls_of("BatchGetSellers") == []


def test_a_found_and_a_missing_item_of_one_batch_get_their_own_answers(gateway, mesh):
    paths = ["/v1/items/1", "/v1/items/404404", "/books/2", "/books/404404"]
    answers = ask_together(gateway, mesh.catalog, paths)
    assert [status for status, _ in answers] == [200, 404, 200, 404]


def test_all_books_are_read_in_one_call(mesh, http):
    assert http.get("/books").status_code == 200
    assert len(mesh.catalog.calls) == 1
    assert set(mesh.catalog.calls[0].request.item_ids) == set("1234567")
