"""The album store from outside: albums, votes, and what kills do to them."""

import json
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import httpx
import pytest

PNG = b"\x89PNG\r\n\x1a\n"
PROFILE = {"artist": "Sex Pistols", "title": "Never Mind The Bollocks!", "year": 1977}


def upload(client: httpx.Client, image: bytes = PNG) -> str:
    parts = {"image": ("cover.png", image, "image/png"), "profile": (None, json.dumps(PROFILE))}
    answer = client.post("/albums", files=parts)
    assert answer.status_code == 201, answer.text
    assert answer.json()["imageSize"] == len(image)
    return answer.json()["albumID"]


def counts_of(client: httpx.Client, album_id: str) -> tuple[int, int]:
    counts = client.get(f"/review/{album_id}").json()
    return counts["likes"], counts["dislikes"]


def await_counts(client: httpx.Client, album_id: str, expected: tuple[int, int]) -> None:
    deadline = monotonic() + 60
    while (counts := counts_of(client, album_id)) != expected:
        assert monotonic() < deadline, (counts, expected)


def test_an_album_with_a_large_image_comes_back_as_it_was_uploaded(client):
    image = PNG + os.urandom(2_000_000)
    album_id = upload(client, image)
    assert client.get(f"/albums/{album_id}").json() == PROFILE
    assert client.get(f"/albums/{album_id}/image").content == image


def test_votes_are_counted_and_counts_never_go_back(client):
    album_id = upload(client)
    seen = (0, 0)
    for number in range(300):
        assert client.post(f"/review/{'dislike' if number % 3 else 'like'}/{album_id}").status_code == 201
        counts = counts_of(client, album_id)
        assert counts >= seen
        assert counts[1] >= seen[1]
        seen = counts
    await_counts(client, album_id, (100, 200))


@pytest.mark.timeout(300)
def test_every_answered_vote_counts_once_though_workers_and_the_stream_are_killed(mesh, client):
    """Voters repeat what was not answered 201 under the same key, as every client can."""
    album_ids = [upload(client) for _ in range(5)]
    answered: Counter[str] = Counter()
    kills = {400: "review-worker-0", 800: "stream", 1200: "review-worker-0", 1600: "review-worker-0"}

    def vote(number: int) -> None:
        if victim := kills.get(number):
            mesh.agora("mesh", "kill", victim)
        album_id = album_ids[number % 5]
        deadline = monotonic() + 60
        while client.post(f"/review/like/{album_id}", headers={"idempotency-key": f"v{number}"}).status_code != 201:
            assert monotonic() < deadline
        answered[album_id] += 1

    with ThreadPoolExecutor(20) as voters:
        list(voters.map(vote, range(2_000)))
    assert sum(answered.values()) == 2_000
    for album_id in album_ids:
        await_counts(client, album_id, (400, 0))


def test_the_status_tells_how_many_votes_wait(mesh):
    status = json.loads(mesh.agora("mesh", "status", "--json").stdout)
    lag = {process["name"]: process["lag"] for process in status}
    assert isinstance(lag.pop("review-worker-0"), int)
    assert not any(lag.values())
