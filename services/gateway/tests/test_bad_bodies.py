"""Bodies that are unreadable, too large, or no JSON."""

import pytest

from .problem_assertions import assert_names


@pytest.mark.parametrize("body", [b"{", b"", b"not json", b'{"username": "\xff"}', b"[" * 30_000, b'{"a":' * 5_000])
def test_an_unreadable_body_is_a_400_and_a_missing_one_is_named(http, body):
    answer = http.post("/v1/sessions", content=body, headers={"content-type": "application/json"})
    if body:
        assert (answer.status_code, answer.json()["reason"]) == (400, "UNREADABLE_JSON")
    else:
        assert_names(answer, "body")


@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'"text"'])
def test_a_body_that_is_no_object_is_refused(http, body):
    assert_names(http.post("/v1/sessions", content=body, headers={"content-type": "application/json"}), "body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_that_is_not_said_to_be_json_is_a_415(http, content_type):
    headers = {"content-type": content_type} if content_type else {}
    answer = http.post("/v1/sessions", content=b'{"username": "a", "password": "b"}', headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/cart/save"])
def test_a_body_of_a_mebibyte_is_too_large(http, path):
    body = b'{"username": "' + b"x" * 2**20 + b'"}'
    headers = {"content-type": "application/json"}
    told = http.post(path, content=body, headers=headers)
    assert (told.status_code, told.json()["reason"]) == (413, "BODY_TOO_LARGE")


def test_a_chunked_body_is_too_large_as_soon_as_it_is(http):
    sent = []

    def chunks():
        for _ in range(20):
            sent.append(1)
            yield b" " * 8_192

    answer = http.post("/v1/sessions", content=chunks(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (413, "BODY_TOO_LARGE")
