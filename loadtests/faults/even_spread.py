"""Seed S5, experiment 1: searches are spread evenly over two catalogs, and all succeed on one when the other stops."""

from collections import Counter
from http import HTTPStatus

from loadtests.faults.requests import search_books
from loadtests.faults.stage import Experiment, Stage

TOPIC = "distributed systems"
BOOKS = [1, 2, 5]


async def play(stage: Stage) -> None:
    first, second = stage.mesh.replicas_of("catalog")
    stage.step("four searches")
    served = await _search_four_times(stage)
    stage.expect(served == {first: 2, second: 2}, f"they are spread evenly: {dict(served)}")
    await stage.kill(second, stay_down=True)
    stage.step("four more searches, the first at once")
    served = await _search_four_times(stage)
    stage.expect(served == {first: 4}, f"{first} serves them all: {dict(served)}")


async def _search_four_times(stage: Stage) -> Counter[str]:
    served: Counter[str] = Counter()
    for _ in range(4):
        found = await stage.shop.send(search_books(TOPIC))
        stage.expect(
            found.status == HTTPStatus.OK and found.told["ids"] == BOOKS,
            f"found {found.told.get('ids')}, {found.status} by {found.served_by}",
        )
        served.update(name for name in found.served_by.split(",") if name.startswith("catalog"))
    return served


EXPERIMENT = Experiment("even-spread", "searches over two catalogs, then over one (S5, 1)", play, cache="off")
