"""What the shop says when it says no (RFC 9457 problem documents), in words for people."""

from collections.abc import Iterator, Mapping
from typing import Final

from cli.errors import Refused

# The bookstore refuses a purchase in the words of its seeds.
PLACES_OF_THE_MESSAGE: Final = ("detail", "Order status", "title")


def refusal(status: int, problem: Mapping[str, object]) -> Refused:
    message = _first_text(problem, PLACES_OF_THE_MESSAGE) or f"refused with status {status}"
    refused = Refused(status, message)
    for field, fault in _invalid_fields(problem):
        # The detail may name the fields already.
        if fault not in message:
            refused.add_note(f"{field}: {fault}")
    return refused


def _invalid_fields(problem: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    errors = problem.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            yield _first_text(error, ("field",)), _first_text(error, ("problem",))


def _first_text(document: Mapping[str, object], places: tuple[str, ...]) -> str:
    texts = (document.get(place) for place in places)
    return next((text for text in texts if isinstance(text, str) and text), "")
