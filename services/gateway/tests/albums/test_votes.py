"""Votes: stored for good before they are answered, refused when they cannot be."""

import asyncio
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from agora.review.v1 import like_pb2
from localmesh.valkey import STREAM_RULES, Valkey

from ..problem_assertions import assert_names  # noqa: TID252
from ..stand_in_mesh import running_gateway  # noqa: TID252

STREAM = "album-votes"
# How the stream says that it has a batch of votes.
APPENDED = b":1\r\n"


@pytest.fixture
def voting(shared_mesh, mesh, stream_url, tmp_path):
    """A gateway with a stream that takes at most 20 votes."""
    with running_gateway(mesh.targets, tmp_path, STREAM_URL=stream_url, MAX_VOTE_BACKLOG="20") as gateway:
        yield gateway


@pytest.fixture
def client(voting):
    with voting.client() as client:
        yield client


@pytest.fixture
def album_id(upload, client):
    return upload(client=client).json()["albumID"]


@pytest.fixture
def stored(stream_url):
    """`stored()`: the votes in the stream."""
    redis = Redis.from_url(stream_url)

    def read():
        return [like_pb2.AlbumVote.FromString(fields[b"vote"]) for _, fields in redis.xrange(STREAM)]

    yield read
    redis.close()


def test_a_vote_is_in_the_stream_when_it_is_answered(client, album_id, stored):
    for verb, opinion in [("like", like_pb2.OPINION_LIKE), ("dislike", like_pb2.OPINION_DISLIKE)]:
        answer = client.post(f"/review/{verb}/{album_id}")
        assert (answer.status_code, answer.json()) == (201, {"albumID": album_id, "vote": verb})
        vote = stored()[-1]
        assert (vote.album_id, vote.opinion, len(vote.vote_id)) == (album_id, opinion, 16)


def test_every_vote_has_an_id_of_its_own_but_for_those_with_the_same_key(client, album_id, stored):
    for headers in ({}, {}, {"idempotency-key": "k"}, {"idempotency-key": "k"}, {"idempotency-key": "l"}):
        assert client.post(f"/review/like/{album_id}", headers=headers).status_code == 201
    client.post(f"/review/dislike/{album_id}", headers={"idempotency-key": "k"})
    ids = [vote.vote_id for vote in stored()]
    assert ids[2] == ids[3]
    assert len(set(ids)) == 5


def test_votes_that_come_together_are_all_stored(voting, client, album_id, stored):
    with ThreadPoolExecutor(20) as voters:
        answers = list(voters.map(lambda _: client.post(f"/review/like/{album_id}").status_code, range(20)))
    assert answers == [201] * 20
    assert len({vote.vote_id for vote in stored()}) == 20


def test_a_full_backlog_is_a_429_until_some_of_it_is_counted(client, album_id, stored, stream_url):
    for _ in range(20):
        assert client.post(f"/review/like/{album_id}").status_code == 201
    refused = client.post(f"/review/like/{album_id}")
    assert (refused.status_code, refused.json()["reason"], refused.headers["retry-after"]) == (429, "BACKLOG_FULL", "1")
    assert len(stored()) == 20
    with Redis.from_url(stream_url) as redis:
        redis.xtrim(STREAM, maxlen=10, approximate=False)
    assert client.post(f"/review/like/{album_id}").status_code == 201


@pytest.mark.parametrize("verb", ["love", "LIKE", "likes", "%20"])
def test_another_verb_is_a_400(http, verb):
    answer = http.post(f"/review/{verb}/1")
    assert (answer.status_code, answer.json()["reason"]) == (400, "UNKNOWN_VERB")


def test_a_malformed_key_is_named(client, album_id):
    for key in ("", "x" * 201):
        assert_names(client.post(f"/review/like/{album_id}", headers={"idempotency-key": key}), "Idempotency-Key")


def test_a_stream_that_is_down_is_a_503_at_once(http, upload):
    album_id = upload().json()["albumID"]
    answer = http.post(f"/review/like/{album_id}")
    assert (answer.status_code, answer.json()["reason"], answer.headers["retry-after"]) == (503, "STREAM_DOWN", "1")


def test_counts_are_told_and_are_zero_before_the_first_vote(mesh, http, upload):
    album_id = upload().json()["albumID"]
    assert http.get(f"/review/{album_id}").json() == {"likes": 0, "dislikes": 0}
    mesh.likes.counts[album_id] = (3, 1)
    answer = http.get(f"/review/{album_id}")
    assert (answer.json(), answer.headers["x-cache"]) == ({"likes": 3, "dislikes": 1}, "off")


class LosingProxy:
    """Stands before the stream, and loses the answer to the next vote together with the connection, when told to."""

    def __init__(self, url: str) -> None:
        self._target = urlsplit(url)
        self.loses_next = False
        self._serving = []

    @asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        yield self._target._replace(netloc=f":{self._target.password}@127.0.0.1:{port}").geturl()
        server.close()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader, writer):
        self._serving.append(asyncio.current_task())
        answers, requests = await asyncio.open_connection(self._target.hostname, self._target.port)
        sending = asyncio.create_task(self._pass_on(reader, requests))
        while data := await answers.read(65_536):
            if self.loses_next and data == APPENDED:
                self.loses_next = False
                break
            writer.write(data)
        writer.close()
        await sending

    async def _pass_on(self, reader, writer):
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        writer.close()


async def test_a_vote_whose_answer_was_lost_is_sent_again_under_the_same_id(mesh, upload, stored, stream_url, tmp_path):
    proxy = LosingProxy(stream_url)
    async with proxy.listening() as url:
        with running_gateway(mesh.targets, tmp_path, STREAM_URL=url) as gateway:
            album_id = (await asyncio.to_thread(upload)).json()["albumID"]
            async with httpx.AsyncClient(base_url=gateway.url, timeout=20, verify=False) as client:
                for proxy.loses_next in (False, True, False):
                    assert (await client.post(f"/review/like/{album_id}")).status_code == 201
    ids = [vote.vote_id for vote in stored()]
    assert ids[1] == ids[2]
    assert len(ids) == 4
    assert len(set(ids)) == 3


def test_a_stream_that_comes_back_takes_votes_again_and_still_has_those_it_had(mesh, upload, tmp_path, ports):
    valkey = Valkey(tmp_path / "stream", ports.take(), "secret", STREAM_RULES)
    valkey.prepare()
    started = running_gateway(mesh.targets, tmp_path / "gateway", STREAM_URL=valkey.url)
    with started as gateway, gateway.client() as client:
        path = f"/review/like/{upload(client=client).json()['albumID']}"
        assert client.post(path).status_code == 503
        with running(valkey):
            assert client.post(path).status_code == 201
        assert client.post(path).status_code == 503
        with running(valkey), Redis.from_url(valkey.url) as redis:
            assert redis.xlen(STREAM) == 1
            assert client.post(path).status_code == 201


@contextmanager
def running(valkey):
    """Until it is killed, at the end of the block."""
    process = valkey.launch(subprocess.DEVNULL)
    try:
        while not valkey.is_ready(process.pid):
            assert process.poll() is None
        yield
    finally:
        process.kill()
        process.wait()
