import base64
import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chassis.errors import InvalidField
from chassis.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE, InvalidPageToken, PageTokens, page_size

TOKENS = PageTokens(b"a key of this service")
LISTINGS = st.text(max_size=30)
POSITIONS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)


@given(LISTINGS, POSITIONS)
def test_a_token_is_read_as_it_was_written(listing: str, position: list[int]):
    assert TOKENS.read(listing, TOKENS.write(listing, position), len(position)) == position


def test_no_token_is_the_first_page():
    assert TOKENS.read("items", "", 1) is None


def test_every_replica_reads_the_tokens_of_the_others():
    assert PageTokens(b"a key of this service").read("items", TOKENS.write("items", [7]), 1) == [7]


@given(LISTINGS, POSITIONS, st.data())
def test_a_token_with_one_character_changed_is_refused(listing: str, position: list[int], data: st.DataObject):
    token = TOKENS.write(listing, position)
    at = data.draw(st.integers(0, len(token) - 1))
    changed = token[:at] + data.draw(st.characters()) + token[at + 1 :]
    assume(changed != token)

    with pytest.raises(InvalidPageToken):
        TOKENS.read(listing, changed, len(position))


@given(LISTINGS, POSITIONS, st.data())
def test_a_truncated_token_is_refused(listing: str, position: list[int], data: st.DataObject):
    token = TOKENS.write(listing, position)

    with pytest.raises(InvalidPageToken):
        TOKENS.read(listing, token[: data.draw(st.integers(1, len(token) - 1))], len(position))


@given(LISTINGS, POSITIONS, st.text(min_size=1, max_size=5))
def test_a_token_with_something_added_is_refused(listing: str, position: list[int], tail: str):
    with pytest.raises(InvalidPageToken):
        TOKENS.read(listing, TOKENS.write(listing, position) + tail, len(position))


@given(LISTINGS, LISTINGS, POSITIONS)
def test_a_token_of_another_listing_is_refused(listing: str, other: str, position: list[int]):
    assume(listing != other)

    with pytest.raises(InvalidPageToken):
        TOKENS.read(other, TOKENS.write(listing, position), len(position))


@given(LISTINGS, st.integers(1, 4), st.binary(max_size=8))
def test_the_end_of_a_listing_cannot_be_moved_into_the_payload(listing: str, length: int, moved: bytes):
    """What is signed for one listing is never the signature of a shorter one."""
    token = base64.urlsafe_b64decode(TOKENS.write(listing + "\0", [1]) + "==")
    forged = base64.urlsafe_b64encode(token[:16] + b"\0" + moved + token[16:]).decode().rstrip("=")

    with pytest.raises(InvalidPageToken):
        TOKENS.read(listing, forged, length)


@given(LISTINGS, POSITIONS)
def test_a_token_signed_with_another_key_is_refused(listing: str, position: list[int]):
    with pytest.raises(InvalidPageToken):
        PageTokens(b"another key").read(listing, TOKENS.write(listing, position), len(position))


@given(st.text(min_size=1))
def test_any_text_is_refused(text: str):
    with pytest.raises(InvalidPageToken):
        TOKENS.read("items", text, 1)


@given(st.binary(min_size=1))
def test_any_bytes_in_base64_are_refused(raw: bytes):
    with pytest.raises(InvalidPageToken):
        TOKENS.read("items", base64.urlsafe_b64encode(raw).decode(), 1)


@pytest.mark.parametrize("payload", [{"id": 1}, None, 7, "text", [1, 2]], ids=repr)
def test_an_unsigned_payload_is_refused_whatever_it_holds(payload: object):
    token = base64.urlsafe_b64encode(bytes(16) + json.dumps(payload).encode()).decode()

    with pytest.raises(InvalidPageToken):
        TOKENS.read("items", token, 1)


@pytest.mark.parametrize("token", ["A" * 1_000_000, "A" * 1_000_001, "=" * 100, "é" * 4, "\ud800", "\0", "A\nAAA"])
def test_an_odd_token_is_refused(token: str):
    with pytest.raises(InvalidPageToken):
        TOKENS.read("items", token, 1)


@given(POSITIONS, st.integers(0, 5))
def test_a_token_of_another_length_is_refused(position: list[int], length: int):
    assume(length != len(position))

    with pytest.raises(InvalidPageToken):
        TOKENS.read("items", TOKENS.write("items", position), length)


def test_the_refusal_names_the_field():
    with pytest.raises(InvalidPageToken) as refused:
        TOKENS.read("items", "forged", 1)

    assert refused.value.metadata == {"field": "page_token"}


@pytest.mark.parametrize(("asked", "given_"), [(0, DEFAULT_PAGE_SIZE), (1, 1), (MAX_PAGE_SIZE, MAX_PAGE_SIZE)])
def test_a_page_has_the_size_asked_for_or_the_default(asked: int, given_: int):
    assert page_size(asked) == given_


@pytest.mark.parametrize("asked", [-1, MAX_PAGE_SIZE + 1, -(2**31)])
def test_a_page_size_out_of_range_is_refused(asked: int):
    with pytest.raises(InvalidField, match="page_size"):
        page_size(asked)
