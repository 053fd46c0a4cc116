"""The OpenAPI document: complete, valid, and true."""

import re

import pytest

OPERATIONS = {
    "/v1/accounts": {"post"},
    "/v1/sessions": {"post"},
    "/v1/sessions/current": {"delete"},
    "/v1/items": {"get", "post"},
    "/v1/items/{item_id}": {"get", "patch"},
    "/v1/items/{item_id}/feedback": {"post"},
    "/v1/sellers/me/items": {"get"},
    "/v1/sellers/{seller_id}/rating": {"get"},
    "/v1/cart": {"get", "delete"},
    "/v1/cart/items": {"post"},
    "/v1/cart/items/{item_id}": {"delete"},
    "/v1/cart/save": {"post"},
    "/v1/orders": {"get", "post"},
    "/v1/orders/{order_id}": {"get"},
    "/books": {"get"},
    "/books/{id}": {"get", "post", "patch"},
    "/albums": {"post"},
    "/albums/{albumID}": {"get"},
    "/albums/{albumID}/image": {"get"},
    "/review/{albumID}": {"get"},
    "/review/{verb}/{albumID}": {"post"},
    "/healthz": {"get"},
    "/readyz": {"get"},
}


@pytest.fixture
def document(http):
    return http.get("/openapi.json").json()


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_lists_exactly_the_contract(document):
    assert {path: set(methods) for path, methods in document["paths"].items()} == OPERATIONS


def test_every_operation_has_a_summary_a_tag_and_the_headers_of_every_answer(document):
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert len(operation["tags"]) == 1
        for response in operation["responses"].values():
            assert {"x-request-id", "server-timing", "x-served-by"} <= set(response["headers"])


def test_every_refusal_is_a_problem(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status >= "400" and path != "/readyz":
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)


def test_what_needs_a_session_says_so(document):
    for path, method, operation in operations(document):
        needs_session = path.startswith(("/v1/cart", "/v1/orders", "/v1/sellers", "/v1/sessions/")) or (
            path.startswith("/v1/items") and method != "get"
        )
        assert (operation.get("security") == [{"session": []}]) is needs_session, (path, method)
    assert document["paths"]["/books/{id}"]["patch"]["security"] == [{"operator": []}]


def test_the_key_of_an_order_is_required_and_any_other_is_optional(document):
    keys = {
        (path, method): parameter["required"]
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key"
    }
    assert keys.pop(("/v1/orders", "post")) is True
    assert set(keys) == {
        ("/v1/accounts", "post"),
        ("/v1/items", "post"),
        ("/v1/items/{item_id}", "patch"),
        ("/v1/items/{item_id}/feedback", "post"),
        ("/v1/cart", "delete"),
        ("/v1/cart/save", "post"),
        ("/v1/cart/items", "post"),
        ("/v1/cart/items/{item_id}", "delete"),
        ("/books/{id}", "post"),
        ("/books/{id}", "patch"),
        ("/albums", "post"),
        ("/review/{verb}/{albumID}", "post"),
    }
    assert not any(keys.values())


def test_routes_whose_key_may_be_reused_document_it(document):
    for path, method, operation in operations(document):
        takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", []))
        # These have nothing in a request that could differ under one key.
        is_bare = path in {"/v1/cart", "/v1/cart/save", "/review/{verb}/{albumID}"}
        documented = "IDEMPOTENCY_KEY_REUSED" in operation["responses"].get("422", {}).get("description", "")
        assert documented == (takes_key and not is_bare), (path, method)


def test_versions_and_their_precondition_are_documented(document):
    versioned = {
        (path, method, status)
        for path, method, operation in operations(document)
        for status, response in operation["responses"].items()
        if "etag" in response.get("headers", {})
    }
    assert versioned >= {
        ("/v1/items", "post", "201"),
        ("/v1/items/{item_id}", "get", "200"),
        ("/v1/items/{item_id}", "patch", "200"),
        ("/books/{id}", "get", "200"),
        ("/books/{id}", "patch", "200"),
    }
    for path in ("/v1/items/{item_id}", "/books/{id}"):
        operation = document["paths"][path]["patch"]
        assert "ITEM_CHANGED" in operation["responses"]["412"]["description"]
        assert "If-Match" in [parameter["name"] for parameter in operation["parameters"]]


def test_every_field_of_a_request_or_answer_has_an_example_or_a_meaning(document):
    for name, schema in document["components"]["schemas"].items():
        for field, description in schema.get("properties", {}).items():
            told = {"examples", "enum", "const", "$ref", "items", "anyOf", "description"} & set(description)
            assert told, f"{name}.{field}"


def test_the_pages_need_nobody_but_the_gateway(http, gateway):
    page = http.get("/docs").text
    addresses = re.findall(r"https?://[^\"' ]+", page)
    assert addresses
    for address in addresses:
        assert address.startswith(gateway.url)
        assert http.get(address).status_code == 200
    assert http.get("/").headers["location"] == f"{gateway.url}/docs"


def test_every_problem_has_an_example_for_each_reason_it_names(document):
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400" or path in {"/readyz", "/healthz"}:
                continue
            examples = response["content"]["application/problem+json"]["examples"]
            assert examples, (path, method, status)
            for reason, example in examples.items():
                assert (example["value"]["reason"], example["value"]["status"]) == (reason, int(status))
                assert f"`{reason}`" in response["description"]


def test_examples_of_problems_are_what_is_answered(document, http, buyer, seller):
    answers = [
        (http.get("/v1/items/404"), "/v1/items/{item_id}", "get"),
        (http.get("/books/8"), "/books/{id}", "get"),
        (http.get("/v1/cart"), "/v1/cart", "get"),
        (seller.http.get("/v1/cart"), "/v1/cart", "get"),
        (buyer.http.get("/v1/sellers/nobody/rating"), "/v1/sellers/{seller_id}/rating", "get"),
        (http.post("/v1/sessions", content="{", headers={"content-type": "application/json"}), "/v1/sessions", "post"),
        (http.post("/v1/sessions", content="x" * 70_000), "/v1/sessions", "post"),
    ]
    for answer, path, method in answers:
        given = answer.json()
        response = document["paths"][path][method]["responses"][str(answer.status_code)]
        example = response["content"]["application/problem+json"]["examples"][given["reason"]]["value"]
        varying = {"request_id": ""} | ({"detail": ""} if given["reason"] == "UNREADABLE_JSON" else {})
        assert given | varying == example | varying


def test_example_ids_name_what_every_shop_has(document, http):
    schemas = document["components"]["schemas"]
    [item_id] = schemas["Item"]["properties"]["item_id"]["examples"]
    item = http.get(f"/v1/items/{item_id}")
    assert item.status_code == 200
    assert "OUT_OF_STOCK" not in str(schemas)
