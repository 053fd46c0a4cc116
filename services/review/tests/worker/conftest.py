"""A worker's parts over a real database, a real stream and a real cache."""

import secrets
from dataclasses import dataclass

import asyncpg
import pytest

from agora.review.v1 import like_pb2 as pb
from chassis.cache_state import CacheState
from chassis.invalidation import Invalidation
from chassis.redis import connect
from review.likes.repository import Repository
from review.worker.copies import Copies
from review.worker.folding import Folding
from review.worker.stream import GROUP, STREAM, VoteStream


@dataclass(frozen=True)
class Worker:
    stream: VoteStream
    repository: Repository
    folding: Folding

    async def fold_once(self) -> int:
        """Read, fold and acknowledge what there is; how many entries that was."""
        entries = await self.stream.read()
        if entries:
            await self.folding.fold(entries)
            await self.stream.acknowledge(entries)
        return len(entries)

    async def counts(self, *album_ids) -> list[tuple[int, int]]:
        known = await self.repository.read_counts(album_ids)
        return [(known[name].likes, known[name].dislikes) if name in known else (0, 0) for name in album_ids]


@dataclass(frozen=True)
class Ballot:
    """Appends to the stream as gateways do."""

    redis: object

    async def cast(self, album_id="1", opinion=pb.OPINION_LIKE, vote_id=None) -> bytes:
        vote_id = secrets.token_bytes(16) if vote_id is None else vote_id
        vote = pb.AlbumVote(vote_id=vote_id, album_id=album_id, opinion=opinion)
        await self.append(vote=vote.SerializeToString())
        return vote_id

    async def append(self, **fields) -> str:
        return (await self.redis.xadd(STREAM, fields)).decode()

    async def ids(self) -> list[str]:
        return [entry_id.decode() for entry_id, _ in await self.redis.xrange(STREAM)]

    async def pending(self) -> int:
        return (await self.redis.xpending(STREAM, GROUP))["pending"]


@pytest.fixture
async def connection(dsn):
    """A connection of the test's own to the workers' database."""
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


@pytest.fixture
async def stream_redis(stream_url):
    async with connect(stream_url, name="test", timeout_s=60) as redis:
        yield redis


@pytest.fixture
async def cache(redis_url):
    async with connect(redis_url, name="test", timeout_s=60) as redis:
        yield redis


@pytest.fixture
def ballot(stream_redis) -> Ballot:
    return Ballot(stream_redis)


@pytest.fixture
async def start_worker(open_database, dsn, stream_redis, cache):
    """`await start_worker("name")` is a member of the group; all members share one database."""

    async def start(name="worker-1") -> Worker:
        database = await open_database("review", dsn)
        repository = Repository(database)
        stream = VoteStream(stream_redis, name)
        await stream.join()
        copies = Copies(cache, Invalidation(cache, CacheState(database)))
        return Worker(stream, repository, Folding(stream, repository, copies))

    return start


@pytest.fixture
async def worker(start_worker) -> Worker:
    return await start_worker()
