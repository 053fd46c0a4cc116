"""What a refusal is counted as: words that are the same whenever the cause is, unlike a body with its request's id."""

import json
from typing import Final

from google.protobuf.message import DecodeError

from monolith.client import refusal_of

_MAX_QUOTED: Final = 200


def http_refusal(status: int, body: bytes) -> str:
    """The `reason` and `detail` of a problem; the start of the body when it is none."""
    try:
        problem = json.loads(body)
        return f"{status} {problem['reason']}: {problem['detail']}"
    except (ValueError, LookupError, TypeError):
        return f"{status} {body[:_MAX_QUOTED]!r}"


def socket_refusal(code: int, payload: bytes) -> str:
    """The reason and the message of an error frame; the start of its payload when it has none."""
    try:
        refusal = refusal_of(code, payload)
    except DecodeError:
        return f"code {code} {payload[:_MAX_QUOTED]!r}"
    return f"code {code} {refusal.reason}: {refusal}"
