"""Whether a key's first final answer stands, for every request that has a key."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from loadtests.faults.history import Attempt, Call, History, Outcome
from loadtests.faults.violation import Kind, Violation

KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
# Errors about what was asked; others, such as 401 or 429, are answered before it is looked at.
_ABOUT_THE_REQUEST = frozenset(
    {
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.PRECONDITION_FAILED,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


def is_final(attempt: Attempt) -> bool:
    """Whether the answer decides about the key. That it belongs to another body says nothing of that one's outcome."""
    if attempt.outcome is Outcome.REFUSED:
        return attempt.status in _ABOUT_THE_REQUEST and attempt.told.get("reason") != KEY_REUSED
    return attempt.outcome is Outcome.ACCEPTED


def check_answers(history: History) -> Iterator[Violation]:
    for attempts in _by_key(history):
        finals = sorted(filter(is_final, attempts), key=lambda attempt: attempt.answered_at or 0)
        for later in finals[1:]:
            if _verdict(later) != _verdict(finals[0]) and not _are_two_orders(finals[0], later):
                yield _violation(finals[0], later, attempts)
                break


def _by_key(history: History) -> Iterable[list[Attempt]]:
    """Attempts at one route under one key, whatever their bodies: an order of lines and one of a cart share it."""
    groups: dict[tuple[str, str, Call], list[Attempt]] = {}
    for attempt in history.attempts:
        if attempt.key:
            call = Call.BUY if attempt.call is Call.BUY_CART else attempt.call
            groups.setdefault((attempt.client, attempt.key, call), []).append(attempt)
    return groups.values()


def _verdict(attempt: Attempt) -> tuple[Outcome, object, str, dict[str, Any]]:
    if attempt.outcome is Outcome.ACCEPTED:
        return attempt.outcome, None, attempt.told.get("order_id", ""), attempt.asked
    return attempt.outcome, attempt.status, attempt.told.get("reason", ""), attempt.asked


def _are_two_orders(first: Attempt, later: Attempt) -> bool:
    """Found by `check_orders`."""
    ids = {attempt.told.get("order_id") for attempt in (first, later)}
    return len(ids - {None}) > 1


def _violation(first: Attempt, later: Attempt, attempts: list[Attempt]) -> Violation:
    is_purchase = later.call in {Call.BUY, Call.BUY_CART}
    is_mixed = first.outcome is not later.outcome
    says = (
        f"{first.client} was told {_shown(first)} for the key {first.key} with {first.asked},"
        f" and then {_shown(later)} with {later.asked}"
    )
    kind = Kind.REFUSED_ORDER_EXISTS if is_purchase and is_mixed else Kind.CHANGED_ANSWER
    return Violation(kind, says, tuple(attempts))


def _shown(attempt: Attempt) -> str:
    return f"{attempt.status} {attempt.told.get('reason') or attempt.told.get('order_id') or ''}".strip()
