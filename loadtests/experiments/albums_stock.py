"""Albums that only one load votes on, so that it is known how many votes they must have in the end."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson

from loadtests.driver.load import Outcome
from loadtests.experiments.albums_scripts import upload
from loadtests.experiments.conversation import Conversation
from loadtests.experiments.lab import Lab
from loadtests.experiments.mesh import Mesh, http_address
from loadtests.experiments.requests import http_get
from localmesh.errors import MeshError

_ALBUMS: Final = 50
# Counting takes a tenth of a second; on a machine that is busy, longer.
_COUNTED_WITHIN_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Stock:
    mesh: Mesh
    albums: list[str]

    def votes(self, at_least: int) -> int:
        """On all albums together, once there are so many or it has taken too long."""
        return asyncio.run(self._votes(at_least))

    async def _votes(self, at_least: int) -> int:
        looks = [http_get(f"/review/{album}") for album in self.albums]
        found = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(_COUNTED_WITHIN_S):
                while found < at_least:
                    await asyncio.sleep(_LOOK_EVERY_S)
                    counts = await _ask(self.mesh, looks)
                    found = sum(count["likes"] + count["dislikes"] for count in counts)
        return found


def new_stock(mesh: Mesh) -> Stock:
    """Raises MeshError when the albums cannot be uploaded."""
    uploaded = asyncio.run(_ask(mesh, [upload().request] * _ALBUMS))
    return Stock(mesh, [album["albumID"] for album in uploaded])


def check_votes(lab: Lab, stock: Stock, outcome: Outcome, answered: int) -> int:
    """The votes that were counted. It is an error when they are not those that were answered."""
    counted = stock.votes(answered)
    if counted != answered:
        found = Counter({f"votes answered: {answered}, counted: {counted}": abs(answered - counted)})
        outcome.errors.update(found)
        lab.results.errors.update(found)
    return counted


async def _ask(mesh: Mesh, requests: Iterable[bytes]) -> list[Any]:
    """What is answered. Raises MeshError for a refusal, and when nobody answers."""
    try:
        shop = await Conversation.with_shop(http_address(mesh.gateway))
    except OSError as error:
        raise MeshError(f"{mesh.gateway} cannot be reached: {error.strerror}") from None
    answers = []
    try:
        for request in requests:
            answer = await shop.ask(request)
            if answer.refusal:
                raise MeshError(f"{mesh.gateway} does not answer as it should: {answer.refusal}")
            answers.append(orjson.loads(answer.body))
    finally:
        shop.close()
    return answers
