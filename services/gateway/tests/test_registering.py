"""Items that are put up for sale at the same moment travel together, and each is answered on its own."""

import json
from http.client import HTTPConnection

import pytest

from .stand_in_catalog import UNLIKED_QUANTITY


@pytest.fixture
def register_together(gateway, mesh, seller):
    """`register_together(items)`: the answers to requests that all were read before the catalog answered any call."""

    def post_all(items):
        connections = [HTTPConnection("127.0.0.1", gateway.http_port, timeout=60) for _ in items]
        headers = {"authorization": f"Bearer {seller.token}", "content-type": "application/json"}
        mesh.catalog.gate.clear()
        for connection, item in zip(connections, items, strict=True):
            connection.request("POST", "/v1/items", json.dumps(item), headers)
        # The answer to what was asked last tells that all before it was read.
        with gateway.client() as prober:
            prober.get("/healthz")
        mesh.catalog.gate.set()
        answers = [connection.getresponse() for connection in connections]
        read = [(answer.status, json.loads(answer.read())) for answer in answers]
        for connection in connections:
            connection.close()
        return read

    return post_all


def item(number, quantity=1):
    return {
        "name": f"Lamp {number}",
        "category": 1,
        "keywords": [],
        "condition": "new",
        "price_cents": 1,
        "quantity": quantity,
    }


def test_items_registered_at_once_make_few_calls_and_each_gets_its_own_answer(register_together, mesh):
    answers = register_together([item(number) for number in range(40)])
    assert [(status, made["name"]) for status, made in answers] == [(201, f"Lamp {number}") for number in range(40)]
    assert len({made["item_id"] for _, made in answers}) == 40
    calls = mesh.catalog.calls_of("BatchRegisterItems")
    assert sum(len(call.request.requests) for call in calls) == 40
    assert len(calls) <= 20


def test_an_item_the_catalog_refuses_fails_alone_and_names_its_field(register_together):
    answers = register_together([item(1), item(2, UNLIKED_QUANTITY), item(3)])
    assert [status for status, _ in answers] == [201, 422, 201]
    assert answers[1][1]["reason"] == "INVALID_FIELD"
    assert "quantity is not liked" in answers[1][1]["detail"]
