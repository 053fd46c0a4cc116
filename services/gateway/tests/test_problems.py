"""Refusals of the services as problems: one table, whatever refused."""

import json
import socket

import pytest
from grpc import StatusCode

from chassis import errors
from chassis.status import RemoteRefusal
from gateway.problems import problem_of

STATUSES = {
    errors.InvalidArgument: 422,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.Aborted: 409,
    errors.FailedPrecondition: 409,
    errors.ResourceExhausted: 429,
    errors.Unavailable: 503,
    errors.DeadlineExceeded: 504,
    errors.Internal: 500,
}


@pytest.mark.parametrize(("category", "status"), STATUSES.items())
def test_each_category_of_refusal_has_its_status(http, mesh, category, status):
    refusal = type("Refused", (category,), {"reason": "FOR_A_TEST"})
    mesh.catalog.fault = refusal("said by the catalog", {"item_id": "1"})
    answer = http.get("/v1/items/1")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    if status == 500:
        assert "said by the catalog" not in answer.text
    else:
        assert (problem["type"], problem["title"]) == ("urn:agora:problem:FOR_A_TEST", "For a test")
        assert (problem["reason"], problem["detail"]) == ("FOR_A_TEST", "said by the catalog")
        assert problem["metadata"] == {"item_id": "1"}


def test_a_bug_in_a_service_is_an_internal_error_without_its_words(http, mesh):
    mesh.catalog.fault = ZeroDivisionError("secret")
    answer = http.get("/v1/items/1")
    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "secret" not in answer.text


@pytest.mark.parametrize("category", [errors.ResourceExhausted, errors.Unavailable])
def test_what_may_be_tried_later_says_when(http, mesh, category):
    mesh.catalog.fault = type("Refused", (category,), {"reason": "FOR_A_TEST"})("later")
    assert http.get("/v1/items/1").headers["retry-after"] == "1"


def test_a_field_that_a_service_refuses_is_named(seller, mesh, lamp):
    mesh.catalog.fault = errors.InvalidField("name", "must be printable text")
    answer = seller.http.post("/v1/items", json=lamp)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": "name", "problem": "must be printable text"}]
    assert "metadata" not in answer.json()


@pytest.mark.parametrize(("field", "shown"), [("request_id", "Idempotency-Key"), ("text", "q")])
def test_a_field_is_named_as_rest_calls_it(field, shown):
    assert problem_of(errors.InvalidField(field, "is wrong")).errors[0].field == shown


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (StatusCode.CANCELLED, 503),
        (StatusCode.OUT_OF_RANGE, 422),
        (StatusCode.UNIMPLEMENTED, 500),
        (StatusCode.UNKNOWN, 500),
    ],
)
def test_codes_that_grpc_itself_speaks_have_a_status_too(code, status):
    problem = problem_of(RemoteRefusal(code, code.name, "spoken by gRPC", {}))
    assert problem.status == status
    assert status != 500 or b"spoken by gRPC" not in problem.body()


def test_a_head_that_is_no_http_is_a_problem_too(gateway):
    answer = speak(gateway, b"GET /v1/items HTTP/1.1\r\nno colon\r\n\r\n")
    assert_raw_problem(answer, 400, "UNREADABLE_REQUEST")


def test_headers_without_end_are_refused(gateway):
    answer = speak(gateway, b"GET / HTTP/1.1\r\n", *[b"x-filler: " + b"y" * 8_000 + b"\r\n"] * 100)
    assert_raw_problem(answer, 431, "HEAD_TOO_LARGE")


def test_a_url_that_is_too_long_is_refused(http):
    for path in ("/v1/items?q=" + "x" * 9_000, "/v1/items/" + "x" * 9_000):
        answer = http.get(path)
        assert (answer.status_code, answer.json()["reason"]) == (414, "URL_TOO_LONG")


def speak(gateway, *packets):
    """What the gateway says to these packets until it hangs up."""
    with socket.create_connection(("127.0.0.1", gateway.http_port), timeout=10) as connection:
        heard = b""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for packet in packets:
                connection.sendall(packet)
            while data := connection.recv(65_536):
                heard += data
        except (BrokenPipeError, ConnectionResetError):
            heard += connection.recv(65_536)
    return heard


def assert_raw_problem(answer, status, reason):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    problem = json.loads(body)
    assert (problem["status"], problem["reason"]) == (status, reason)
    assert f"x-request-id: {problem['request_id']}".encode() in head


def test_retry_after_is_what_the_service_says(http, mesh):
    mesh.account.fault = RemoteRefusal(
        StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_ATTEMPTS", "try again in 720 s", {"retry_after_s": "720"}
    )
    answer = http.post("/v1/sessions", json={"username": "nobody", "password": "wrong horse"})
    assert (answer.status_code, answer.json()["reason"]) == (429, "TOO_MANY_ATTEMPTS")
    assert answer.headers["retry-after"] == "720"
