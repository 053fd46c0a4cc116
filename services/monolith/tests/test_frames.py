"""The frame format alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monolith import frames
from monolith.frames import Answer, MalformedFrame, Request

NUMBERS = st.integers(0, 2**32 - 1)


def body_of(frame: bytes) -> bytes:
    assert frames.read_length(frame[:4]) == len(frame) - 4
    return frame[4:]


@given(NUMBERS, st.text(max_size=60), st.text(max_size=60), st.binary(max_size=2000))
def test_a_request_is_read_as_it_was_written(number, method, token, payload):
    request = Request(number, method, token, payload)
    assert frames.read_request(body_of(frames.write_request(request))) == request


@given(NUMBERS, st.integers(0, 16), st.binary(max_size=2000))
def test_an_answer_is_read_as_it_was_written(number, code, payload):
    answer = Answer(number, code, payload)
    assert frames.read_answer(body_of(frames.write_answer(answer))) == answer


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_refused(body):
    try:
        request = frames.read_request(body)
    except MalformedFrame:
        return
    assert len(request.method.encode()) + len(request.token.encode()) + len(request.payload) == len(body) - 6


@pytest.mark.parametrize("body", [b"", b"\0\0\0\1", b"\0\0\0\1\5", b"\0\0\0\1\5\0abcd", b"\0\0\0\1\1\0\xff"])
def test_a_body_that_does_not_hold_what_it_announces_is_refused(body):
    with pytest.raises(MalformedFrame):
        frames.read_request(body)


def test_a_frame_is_never_longer_than_the_limit():
    with pytest.raises(MalformedFrame):
        frames.write_request(Request(1, "method", "", bytes(frames.MAX_FRAME_BYTES)))
    with pytest.raises(MalformedFrame):
        frames.read_length(frames.LENGTH.pack(frames.MAX_FRAME_BYTES + 1))


def test_a_method_that_its_length_cannot_announce_is_refused():
    with pytest.raises(MalformedFrame):
        frames.write_request(Request(1, "m" * 256, "", b""))
