"""What may be said of accounts and sessions."""

import pytest

from account.domain import NewAccount, Role, check_token_hashes, could_sign_in
from chassis.errors import InvalidField


def new_account(**changed):
    return NewAccount(
        **{"request_id": "r", "username": "ann", "password": "correct horse", "role": Role.BUYER} | changed
    )


@pytest.mark.parametrize("username", ["a", "a" * 64, "Ann Lee", "José", "李雷", "o'brien; --"])
def test_a_username_may_be_any_printable_text(username):
    assert new_account(username=username).username == username


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "a" * 65),
        ("username", " ann"),
        ("username", "ann "),
        ("username", "an\0n"),
        ("username", "an\nn"),
        ("username", "an\u200bn"),
        ("username", "an\ud800n"),
        ("password", "1234567"),
        ("password", "a" * 257),
        ("request_id", ""),
        ("request_id", "r" * 201),
        ("request_id", "r\0"),
    ],
)
def test_what_is_not_allowed_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(InvalidField) as refused:
        new_account(**{field: value})
    assert refused.value.metadata["field"] == field


def test_a_password_may_hold_any_characters():
    assert new_account(password="\0\n\t пароль").password == "\0\n\t пароль"


def test_a_password_is_not_shown_in_a_trace():
    assert "correct horse" not in repr(new_account())


@pytest.mark.parametrize("token_hashes", [[b"x" * 32] * 1001, [b""], [b"x" * 31], [b"x" * 33]])
def test_too_many_or_malformed_token_hashes_are_refused(token_hashes):
    with pytest.raises(InvalidField, match="token_hashes"):
        check_token_hashes(token_hashes)


def test_only_well_formed_credentials_are_worth_a_look():
    assert could_sign_in("ann", "correct horse")
    assert not could_sign_in("an\0n", "correct horse")
    assert not could_sign_in("ann", "short")
