"""Whether a seller's change takes effect once, and never over a version it did not expect."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import inf

from loadtests.faults.changes import DELTA, Change, changes_of
from loadtests.faults.history import Attempt, Call, History, Outcome
from loadtests.faults.violation import Kind, Violation

IF_MATCH = "if_match"
_FIELDS = ("price_cents", "quantity")


def check_changes(history: History) -> Iterator[Violation]:
    seen = _seen(history)
    for item_id, changes in changes_of(history).items():
        yield from _took_effect_twice(item_id, changes, seen.get(item_id, {}))
        yield from _overwrote(item_id, changes, seen.get(item_id, {}))


def _seen(history: History) -> dict[str, dict[int, list[Attempt]]]:
    """Return the answers that show a version of an item, by item and version."""
    seen: dict[str, dict[int, list[Attempt]]] = {}
    for attempt in history.of(Call.READ, Call.SET_ITEM):
        if attempt.outcome is Outcome.ACCEPTED and "version" in attempt.told:
            seen.setdefault(attempt.told["item_id"], {}).setdefault(attempt.told["version"], []).append(attempt)
    return seen


def _took_effect_twice(item_id: str, changes: list[Change], seen: dict[int, list[Attempt]]) -> Iterator[Violation]:
    """Each rise of the stock from one version to a later one needs a change of its own that raised it."""
    raising = [change for change in changes if "quantity" in change.asked or change.asked.get(DELTA, 0) > 0]
    spare = sorted((_made_by(change), _made_after(change, seen)) for change in raising)
    for (version, [first, *_]), (later_version, [later, *_]) in pairwise(sorted(seen.items())):
        if first.told["quantity"] >= later.told["quantity"]:
            continue
        candidates = (each for each in spare if each[0] > version and each[1] < later_version)
        if match := next(candidates, None):
            spare.remove(match)
            continue
        says = (
            f"the stock of item {item_id} rose from {first.told['quantity']} in version {version} to"
            f" {later.told['quantity']} in version {later_version}, and no change is left that did it"
        )
        attempts = tuple(attempt for change in raising for attempt in change.attempts)
        yield Violation(Kind.REPEATED_CHANGE, says, (first, later, *attempts))
        return


def _made_by(change: Change) -> float:
    """Return the version at which it was made at the latest: its answer may be to its repetition by a channel."""
    return inf if change.accepted is None else change.accepted.told.get("version", inf)


def _made_after(change: Change, seen: dict[int, list[Attempt]]) -> float:
    """Return the newest version that was known before it began."""
    known = (
        version for version, answers in seen.items() if any((a.answered_at or inf) < change.after for a in answers)
    )
    return max(known, default=0)


def _overwrote(item_id: str, changes: list[Change], seen: dict[int, list[Attempt]]) -> Iterator[Violation]:
    """A change that is made again by its caller's channel is answered with a later version than it made."""
    expecting = [change for change in changes if IF_MATCH in change.asked and change.accepted]
    for change in expecting:
        expected = change.asked[IF_MATCH]
        newer = [known for version in seen if version > expected for known in seen[version]]
        if known := next((each for each in newer if (each.answered_at or inf) < change.after), None):
            says = (
                f"a change of item {item_id} was to follow version {expected}, when {known.told['version']} was known"
            )
            yield Violation(Kind.OVERWRITTEN, says, (known, *change.attempts))
        elif other := next((each for each in seen.get(expected + 1, []) if not _shows(change, each)), None):
            says = f"a change of item {item_id} was to follow version {expected}, and another did"
            yield Violation(Kind.OVERWRITTEN, says, (other, *change.attempts))
    for expected, times in Counter(change.asked[IF_MATCH] for change in expecting).items():
        if times > 1:
            says = f"{times} changes of item {item_id} were accepted that were all to follow version {expected}"
            attempts = (a for change in expecting if change.asked[IF_MATCH] == expected for a in change.attempts)
            yield Violation(Kind.OVERWRITTEN, says, tuple(attempts))


def _shows(change: Change, answer: Attempt) -> bool:
    return all(answer.told[field] == change.asked[field] for field in _FIELDS if field in change.asked)
