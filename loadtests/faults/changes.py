"""Changes of an item by its seller, put together by their keys: values set, and units added or taken away."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from loadtests.faults.check_answers import is_final
from loadtests.faults.history import Attempt, Call, History, Outcome

DELTA = "quantity_delta"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value an item was given, at some moment from `after` to `before`; `before` is infinite when it may not have."""

    value: int
    after: float
    before: float


@dataclass(frozen=True, slots=True)
class Change:
    """All attempts at one change of an item. It takes effect once; without an answer, at most once."""

    item_id: str
    attempts: tuple[Attempt, ...]

    @property
    def asked(self) -> dict[str, int]:
        return self.attempts[0].asked

    @property
    def accepted(self) -> Attempt | None:
        """The first to be answered."""
        accepted = [attempt for attempt in self.attempts if attempt.outcome is Outcome.ACCEPTED]
        return min(accepted, key=lambda attempt: attempt.answered_at or inf, default=None)

    @property
    def may_have_been_made(self) -> bool:
        """A final rejection is as durable as the change itself would be."""
        finals = [attempt.outcome for attempt in self.attempts if is_final(attempt)]
        unknown = any(attempt.outcome is Outcome.UNKNOWN for attempt in self.attempts)
        return Outcome.ACCEPTED in finals or (unknown and not finals)

    @property
    def after(self) -> float:
        return min(attempt.invoked_at for attempt in self.attempts)

    @property
    def before(self) -> float:
        return inf if self.accepted is None else self.accepted.answered_at or inf


def changes_of(history: History) -> dict[str, list[Change]]:
    """By item, the registrations of items included. Those that were rejected are left out."""
    attempts: dict[tuple[str, str], list[Attempt]] = {}
    for attempt in history.of(Call.SET_ITEM):
        attempts.setdefault((attempt.client, attempt.key), []).append(attempt)
    changes: dict[str, list[Change]] = {}
    for same_key in attempts.values():
        item_ids = [attempt.told.get("item_id") or attempt.asked.get("item_id") for attempt in same_key]
        item_id = next(filter(None, item_ids), None)
        if item_id is not None:
            change = Change(item_id, tuple(same_key))
            if change.may_have_been_made:
                changes.setdefault(item_id, []).append(change)
    return changes


def settings_of(history: History, field: str) -> dict[str, list[Setting]]:
    """Return what each item's `field` was set to, the first setting included."""
    return {item_id: list(_settings(changes, field)) for item_id, changes in changes_of(history).items()}


def _settings(changes: list[Change], field: str) -> Iterator[Setting]:
    for change in changes:
        if field in change.asked:
            yield Setting(change.asked[field], change.after, change.before)


def possible_values(settings: list[Setting], began: float, ended: float) -> set[int]:
    """Return the values that may have been in force at some moment from `began` to `ended`."""
    return {setting.value for setting in current_settings(settings, began) if setting.after <= ended}


def current_settings(settings: list[Setting], since: float) -> list[Setting]:
    """Return those that no other has certainly replaced before `since`."""
    replaced_until = max((setting.after for setting in settings if setting.before < since), default=-inf)
    return [setting for setting in settings if setting.before >= replaced_until]
