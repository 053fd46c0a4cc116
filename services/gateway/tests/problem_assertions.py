"""What tests say of answers that refuse."""


def fields_of(answer):
    return [error["field"] for error in answer.json()["errors"]]


def assert_names(answer, *fields):
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] == "INVALID_FIELD"
    assert fields_of(answer) == list(fields)
    for field in fields:
        assert field in answer.json()["detail"]
