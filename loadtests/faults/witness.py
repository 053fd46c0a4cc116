"""Waiting for an answer in which a certain replica had a part, which `x-served-by` tells."""

import time

from loadtests.faults.history import Attempt
from loadtests.faults.requests import Request, show_book
from loadtests.faults.stage import Stage

# A replica gets calls again when the callers' channels have noticed it: within a second, and a busy machine's delays.
_SERVES_WITHIN_S = 10.0


async def answer_by(replica: str, request: Request, stage: Stage) -> Attempt | None:
    """The first answer the replica took part in; None when there is none in time."""
    deadline = time.monotonic() + _SERVES_WITHIN_S
    while time.monotonic() < deadline:
        attempt = await stage.shop.send(request)
        if replica in attempt.served_by.split(","):
            return attempt
    return None


async def book_count_seen_by(replica: str, number: int, stage: Stage) -> int | None:
    answer = await answer_by(replica, show_book(number), stage)
    return None if answer is None else answer.told["quantity"]
