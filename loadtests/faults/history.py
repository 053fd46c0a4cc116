"""What clients asked and were told, and what was done to the mesh meanwhile, as JSON lines in the order it happened."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any

Lines = Mapping[str, int]


class Call(StrEnum):
    BUY = "buy"
    BUY_CART = "buy_cart"
    ADD_TO_CART = "add_to_cart"
    REMOVE_FROM_CART = "remove_from_cart"
    CLEAR_CART = "clear_cart"
    SET_ITEM = "set_item"
    READ = "read"
    WRITE = "write"


class Outcome(Enum):
    """What a client knows afterwards."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Attempt:
    """One request. `asked` and `told` hold what a checker needs of the two bodies.

    An answer of 5xx leaves open whether the request was served, exactly as no answer does.
    """

    number: int
    call: Call
    client: str
    key: str
    gateway: str
    asked: dict[str, Any]
    invoked_at: float
    answered_at: float | None = None
    status: int | None = None
    told: dict[str, Any] = field(default_factory=dict)
    served_by: str = ""
    error: str = ""

    @property
    def outcome(self) -> Outcome:
        if self.status is None or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Outcome.UNKNOWN
        return Outcome.REFUSED if self.status >= HTTPStatus.BAD_REQUEST else Outcome.ACCEPTED

    @property
    def lines(self) -> Lines | None:
        """What was to be bought; None when that was left to the cart."""
        return self.asked.get("lines")


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was done to the mesh."""

    at: float
    text: str


@dataclass(slots=True)
class Fault:
    """A time in which something was broken. `item_ids` are those it strikes, where it does not strike all."""

    text: str
    began_at: float
    ended_at: float | None = None
    item_ids: tuple[str, ...] = ()

    def overlaps(self, since: float, until: float) -> bool:
        return self.began_at <= until and (self.ended_at is None or since <= self.ended_at)


@dataclass(slots=True)
class History:
    """`cache` is the cache mode of the mesh, which decides how old a read may be."""

    cache: str = "off"
    attempts: list[Attempt] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def of(self, *calls: Call) -> Iterable[Attempt]:
        return (attempt for attempt in self.attempts if attempt.call in calls)


class Recorder:
    """Writes a history as it happens, so that it outlives whatever happens to its writer."""

    def __init__(self, path: Path, *, cache: str = "off") -> None:
        self.history = History(cache)
        self._file = path.open("w", buffering=1)
        self._write("started", time.time(), cache=cache)

    def invoked(self, call: Call, client: str, key: str, gateway: str, asked: dict[str, Any]) -> Attempt:
        attempt = Attempt(len(self.history.attempts), call, client, key, gateway, asked, time.time())
        self.history.attempts.append(attempt)
        self._write(
            "invoked",
            attempt.invoked_at,
            number=attempt.number,
            call=call,
            client=client,
            key=key,
            gateway=gateway,
            asked=asked,
        )
        return attempt

    def answered(self, attempt: Attempt, status: int, told: dict[str, Any], served_by: str) -> None:
        attempt.answered_at, attempt.status, attempt.told, attempt.served_by = time.time(), status, told, served_by
        self._write(
            "answered", attempt.answered_at, number=attempt.number, status=status, told=told, served_by=served_by
        )

    def unanswered(self, attempt: Attempt, error: str) -> None:
        attempt.error = error
        self._write("unanswered", time.time(), number=attempt.number, error=error)

    def note(self, text: str) -> None:
        note = Note(time.time(), text)
        self.history.notes.append(note)
        self._write("note", note.at, text=text)

    def fault_began(self, text: str, item_ids: tuple[str, ...] = ()) -> Fault:
        fault = Fault(text, time.time(), item_ids=item_ids)
        self.history.faults.append(fault)
        self._write("fault began", fault.began_at, text=text, item_ids=item_ids)
        return fault

    def fault_ended(self, fault: Fault) -> None:
        fault.ended_at = time.time()
        self._write("fault ended", fault.ended_at, number=self.history.faults.index(fault))

    def close(self) -> None:
        self._file.close()

    def _write(self, event: str, at: float, **facts: object) -> None:
        self._file.write(json.dumps({"event": event, "at": at, **facts}) + "\n")


def read_history(path: Path) -> History:
    """The history a Recorder wrote; a last line that was cut off is left out."""
    history = History()
    with path.open() as lines:
        for line in lines:
            if line.endswith("\n"):
                _add(history, json.loads(line))
    return history


def _add(history: History, record: dict[str, Any]) -> None:
    event, at = record.pop("event"), record.pop("at")
    match event:
        case "invoked":
            call = Call(record.pop("call"))
            history.attempts.append(Attempt(call=call, invoked_at=at, **record))
        case "answered":
            attempt = history.attempts[record["number"]]
            attempt.answered_at, attempt.status = at, record["status"]
            attempt.told, attempt.served_by = record["told"], record["served_by"]
        case "unanswered":
            history.attempts[record["number"]].error = record["error"]
        case "note":
            history.notes.append(Note(at, record["text"]))
        case "started":
            history.cache = record["cache"]
        case "fault began":
            history.faults.append(Fault(record["text"], at, item_ids=tuple(record["item_ids"])))
        case "fault ended":
            history.faults[record["number"]].ended_at = at
