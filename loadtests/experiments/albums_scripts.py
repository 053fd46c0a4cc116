"""What clients of the album store ask for, over and over."""

from collections.abc import Sequence
from typing import Final

from loadtests.album_upload import CONTENT_TYPE, multipart, png
from loadtests.driver.load import Script, Step
from loadtests.experiments.requests import http_get

_IMAGE: Final = png(34)
_TITLE: Final = "Six Hundred Thousand"
_UPLOAD: Final = multipart(_IMAGE, {"artist": "The Benchmarks", "title": _TITLE, "year": "1977"})
_VERBS: Final = ("like", "like", "dislike")
VOTES_A_ROUND: Final = len(_VERBS)
# An upload, a look, and the votes.
REQUESTS_A_ROUND: Final = 2 + VOTES_A_ROUND


def rounds(albums: Sequence[str], clients: int) -> tuple[Script, ...]:
    """S4's round: upload an album, look at one, like, like and dislike it.

    Scripts are fixed, so what is looked at and voted on was there before, another album for each client as far as they
    go.
    """
    return tuple(_round(albums[client % len(albums)]) for client in range(clients))


def votes(albums: Sequence[str], clients: int) -> tuple[Script, ...]:
    """On every album in turn, and no two clients in the same order."""
    return tuple(
        tuple(_vote(album, verb) for verb in _VERBS for album in _from(albums, client)) for client in range(clients)
    )


def reads_of_counts(albums: Sequence[str], clients: int) -> tuple[Script, ...]:
    return tuple(
        tuple(Step(http_get(f"/review/{album}"), b'"likes":') for album in _from(albums, client))
        for client in range(clients)
    )


def upload() -> Step:
    return Step(_post("/albums", CONTENT_TYPE, _UPLOAD), b'"imageSize":%d' % len(_IMAGE))


def _round(album: str) -> Script:
    show = Step(http_get(f"/albums/{album}"), _TITLE.encode())
    return (upload(), show, *(_vote(album, verb) for verb in _VERBS))


def _vote(album: str, verb: str) -> Step:
    """Without an `Idempotency-Key`, as S4's clients vote."""
    return Step(_post(f"/review/{verb}/{album}"), b'"vote":"%s"' % verb.encode())


def _post(path: str, content_type: str = "", body: bytes = b"") -> bytes:
    kind = f"content-type: {content_type}\r\n" if content_type else ""
    return f"POST {path} HTTP/1.1\r\nhost: shop\r\n{kind}content-length: {len(body)}\r\n\r\n".encode() + body


def _from(albums: Sequence[str], client: int) -> list[str]:
    first = client % len(albums)
    return [*albums[first:], *albums[:first]]
