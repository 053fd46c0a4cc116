"""S4's users: they upload albums, look at them, like and dislike them, and look how many do.

Nobody else knows the albums of a user, so each knows what their counts may be at any moment, and must be in the end.
"""

import hashlib
import random
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from locust.contrib.fasthttp import FastResponse

from loadtests.album_upload import CONTENT_TYPE, multipart, png
from loadtests.users.shopper import Mix, Shopper

# The last is so large that it travels in pieces.
_IMAGES: Final = tuple(map(png, (8, 34, 160)))
_REMEMBERED: Final = 20
_CREATED: Final = 201
_NOT_MODIFIED: Final = 304
_COUNTED_WITHIN_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.2


@dataclass(slots=True)
class Tally:
    """Votes of one kind on one album: answered, perhaps stored without an answer, and the count that was last shown."""

    answered: int = 0
    undecided: int = 0
    shown: int = 0

    def show(self, count: int) -> bool:
        """Whether that can be the count now."""
        is_true = self.shown <= count <= self.answered + self.undecided
        self.shown = max(self.shown, count)
        return is_true

    def is_final(self, count: int) -> bool:
        return self.answered <= count <= self.answered + self.undecided


class Album:
    def __init__(self, album_id: str, profile: Mapping[str, Any], image: bytes) -> None:
        self.album_id = album_id
        self.profile = profile
        self.image = image
        self.etag = f'"{hashlib.sha256(image).hexdigest()}"'
        self.tallies = {"like": Tally(), "dislike": Tally()}

    def show(self, counts: Mapping[str, int]) -> bool:
        likes, dislikes = (tally.show(counts[f"{verb}s"]) for verb, tally in self.tallies.items())
        return likes and dislikes

    def is_final(self, counts: Mapping[str, int]) -> bool:
        return all(tally.is_final(counts[f"{verb}s"]) for verb, tally in self.tallies.items())


class AlbumUser(Shopper):
    weight = 2
    mixes: ClassVar[Mapping[str, Mix]] = {
        "browse": {"show": 35, "show_image": 30, "show_counts": 28, "like": 4, "dislike": 2, "upload": 1},
        "balanced": {"show": 20, "show_image": 15, "show_counts": 20, "like": 25, "dislike": 12, "upload": 8},
        "buy": {"show": 10, "show_image": 5, "show_counts": 10, "like": 40, "dislike": 20, "upload": 15},
    }

    def on_start(self) -> None:
        super().on_start()
        self._albums: deque[Album] = deque(maxlen=_REMEMBERED)
        self.upload()

    def on_stop(self) -> None:
        """In the end the counts are the votes; the end comes a moment after the last vote."""
        deadline = time.monotonic() + _COUNTED_WITHIN_S
        for album in self._albums:
            self._check_votes(album, deadline)

    def upload(self) -> None:
        image = random.choice(_IMAGES)  # noqa: S311 - a taste, not a secret
        title, year = f"Locust {uuid.uuid4()}", random.choice((1977, "1977"))  # noqa: S311
        profile = {"artist": "The Swarm", "title": title, "year": year}
        response = self._exchange(
            "POST",
            "/albums",
            "/albums",
            body=multipart(image, profile),
            headers={"content-type": CONTENT_TYPE},
            expected=_CREATED,
            truth=lambda response: response.json()["imageSize"] == len(image),
        )
        if response:
            self._albums.append(Album(response.json()["albumID"], profile, image))

    def show(self) -> None:
        album = self._some_album()
        path = f"/albums/{album.album_id}"
        self.ask("GET", path, "/albums/{albumID}", truth=lambda profile: profile == album.profile)

    def show_image(self) -> None:
        """As a browser does, which asks once for an image and later only whether it has changed."""
        album = self._some_album()
        path, name = f"/albums/{album.album_id}/image", "/albums/{albumID}/image"
        self._exchange(
            "GET",
            path,
            name,
            truth=lambda response: response.content == album.image and _etag_of(response) == album.etag,
        )
        self._exchange(
            "GET",
            path,
            f"{name}, again",
            headers={"if-none-match": album.etag},
            expected=_NOT_MODIFIED,
            truth=lambda response: not response.content and _etag_of(response) == album.etag,
        )

    def like(self) -> None:
        self._vote("like")

    def dislike(self) -> None:
        self._vote("dislike")

    def show_counts(self) -> None:
        album = self._some_album()
        self.ask("GET", f"/review/{album.album_id}", "/review/{albumID}", truth=album.show)

    def _vote(self, verb: str) -> None:
        album, key = self._some_album(), str(uuid.uuid4())
        tally = album.tallies[verb]
        tally.undecided += 1
        path, name = f"/review/{verb}/{album.album_id}", f"/review/{verb}/{{albumID}}"
        # Not when it was refused, or this user was stopped meanwhile: then it may count, or not.
        if self.ask("POST", path, name, key=key, allowed=(_CREATED,)) is not None:
            tally.undecided -= 1
            tally.answered += 1
        if random.random() < 0.1:  # noqa: S311 - now and then an answer is thought lost
            self.ask("POST", path, f"{name}, again", key=key, allowed=(_CREATED,))

    def _check_votes(self, album: Album, deadline: float) -> None:
        path = f"/review/{album.album_id}"
        while time.monotonic() < deadline:
            counts = self.ask("GET", path, "/review/{albumID}", truth=album.show)
            if counts is None or album.is_final(counts):
                break
            time.sleep(_LOOK_EVERY_S)
        self.ask("GET", path, "/review/{albumID}, votes add up", truth=album.is_final)

    def _exchange(
        self,
        method: str,
        path: str,
        name: str,
        *,
        truth: Callable[[FastResponse], bool],
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        expected: int = 200,
    ) -> Any:
        """As `ask`, where the body or the answer is no JSON."""
        with self.client.request(
            method, path, name=name, data=body, headers=dict(headers or {}), catch_response=True
        ) as response:
            if response.status_code != expected:
                response.failure(f"{response.status_code} {response.error or (response.text or '')[:200]}")
                return None
            if not truth(response):
                response.failure(f"untrue: {response.headers} {(response.content or b'')[:200]!r}")
                return None
            response.success()
            return response

    def _some_album(self) -> Album:
        while not self._albums:
            self.upload()
        return random.choice(self._albums)  # noqa: S311 - a whim, not a secret


def _etag_of(response: FastResponse) -> Any:
    return response.headers.get("etag") if response.headers else None
