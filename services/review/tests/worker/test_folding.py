"""Every vote counts exactly once, whatever happens to the worker that has it."""

import asyncio
from functools import partial

import pytest

from agora.review.v1 import like_pb2 as pb
from chassis.background import repeat
from review.worker.stream import GROUP, STREAM


async def test_likes_and_dislikes_are_counted_for_each_album(worker, ballot):
    for album_id, opinion in [("1", 1), ("1", 1), ("1", 2), ("2", 2)]:
        await ballot.cast(album_id, opinion)
    assert await worker.fold_once() == 4
    assert await worker.counts("1", "2", "3") == [(2, 1), (0, 1), (0, 0)]


async def test_votes_cast_before_the_first_worker_joined_are_counted(ballot, start_worker):
    await ballot.cast()
    worker = await start_worker()
    await worker.fold_once()
    assert await worker.counts("1") == [(1, 0)]


async def test_a_batch_that_was_counted_but_not_acknowledged_is_not_counted_again(start_worker, ballot):
    first = await start_worker()
    await ballot.cast()
    await first.folding.fold(await first.stream.read())
    reborn = await start_worker()
    assert await reborn.fold_once() == 1
    assert await reborn.counts("1") == [(1, 0)]
    assert await ballot.pending() == 0


async def test_a_batch_that_was_read_but_not_counted_is_counted_by_the_next_life(start_worker, ballot):
    first = await start_worker()
    await ballot.cast()
    await first.stream.read()
    reborn = await start_worker()
    await reborn.fold_once()
    assert await reborn.counts("1") == [(1, 0)]


async def test_what_a_worker_left_that_does_not_come_back_is_claimed_by_another(start_worker, ballot, stream_redis):
    gone = await start_worker("gone")
    for _ in range(3):
        await ballot.cast()
    entries = [entry.entry_id for entry in await gone.stream.read()]
    await stream_redis.xclaim(STREAM, GROUP, "gone", 0, entries, idle=60_000)
    heir = await start_worker("heir")
    assert not await heir.stream.read()  # nothing of its own; the next read looks for what others left
    assert await heir.fold_once() == 3
    assert await heir.counts("1") == [(3, 0)]
    assert await ballot.pending() == 0


async def test_two_workers_with_the_same_batch_count_it_once(start_worker, ballot):
    workers = [await start_worker(f"worker-{number}") for number in range(2)]
    for number in range(200):
        await ballot.cast(str(number % 7))
    entries = await workers[0].stream.read()
    await asyncio.gather(*(worker.folding.fold(entries) for worker in workers for _ in range(3)))
    assert sum(likes for likes, _ in await workers[0].counts(*map(str, range(7)))) == 200


async def test_a_vote_that_was_sent_twice_counts_once_in_one_batch_and_in_two(worker, ballot):
    vote_id = await ballot.cast()
    await ballot.cast(vote_id=vote_id)
    await worker.fold_once()
    await ballot.cast(vote_id=vote_id)
    await ballot.cast()
    await worker.fold_once()
    assert await worker.counts("1") == [(2, 0)]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"vote": b"\xff\xff not a message"}, "DecodeError"),
        ({"other": b"field"}, "KeyError"),
        ({"vote": pb.AlbumVote(vote_id=b"short", album_id="1", opinion=1).SerializeToString()}, "ValueError"),
        ({"vote": pb.AlbumVote(vote_id=b"x" * 16, album_id="", opinion=1).SerializeToString()}, "InvalidField"),
        ({"vote": pb.AlbumVote(vote_id=b"x" * 16, album_id="a\0", opinion=1).SerializeToString()}, "InvalidField"),
        ({"vote": pb.AlbumVote(vote_id=b"x" * 16, album_id="1").SerializeToString()}, "KeyError"),
        ({"vote": pb.AlbumVote(vote_id=b"x" * 16, album_id="1", opinion=7).SerializeToString()}, "KeyError"),
    ],
)
async def test_an_entry_that_is_no_vote_is_parked_and_its_neighbours_are_counted(
    worker, ballot, connection, fields, problem
):
    await ballot.cast()
    entry_id = await ballot.append(**fields)
    await ballot.cast()
    await worker.fold_once()
    assert await worker.counts("1") == [(2, 0)]
    assert await ballot.pending() == 0
    (parked,) = await connection.fetch("SELECT entry_id, problem FROM parked_votes")
    assert (parked["entry_id"], parked["problem"].partition(":")[0]) == (entry_id, problem)


async def test_an_entry_that_was_deleted_by_hand_is_parked_by_its_id(start_worker, ballot, stream_redis):
    first = await start_worker()
    entry_id = await ballot.append(vote=b"")
    await first.stream.read()
    await stream_redis.xdel(STREAM, entry_id)
    reborn = await start_worker()
    await reborn.fold_once()
    assert await reborn.repository.count_parked() == 1
    assert await ballot.pending() == 0


async def test_a_worker_that_is_told_to_stop_ends_with_a_whole_batch(worker, ballot):
    for _ in range(100):
        await ballot.cast()
    stopping = asyncio.Event()
    running = asyncio.create_task(worker.folding.run(stopping))
    async with asyncio.timeout(60):
        while await worker.counts("1") == [(0, 0)]:
            await asyncio.sleep(0)
        stopping.set()
        await running
    assert await worker.counts("1") == [(100, 0)]
    assert await ballot.pending() == 0


async def test_a_worker_whose_database_is_away_waits_and_counts_when_it_is_back(
    worker, ballot, database_server, dsn, caplog
):
    name = dsn.rpartition("/")[2]
    await ballot.cast()
    await database_server.execute(f"ALTER DATABASE {name} RENAME TO {name}_away")
    stopping = asyncio.Event()
    work = partial(worker.folding.run, stopping)
    running = asyncio.create_task(repeat("fold", work, every_s=0.01, stopping=stopping))
    async with asyncio.timeout(60):
        while "background task failed" not in caplog.text:
            await asyncio.sleep(0)
        await database_server.execute(f"ALTER DATABASE {name}_away RENAME TO {name}")
        while await ballot.pending():
            await asyncio.sleep(0)
    stopping.set()
    await running
    assert await worker.counts("1") == [(1, 0)]


async def test_a_group_that_the_stream_has_lost_is_made_again(worker, ballot, stream_redis):
    stopping = asyncio.Event()
    await stream_redis.flushall()
    running = asyncio.create_task(worker.folding.run(stopping))
    await ballot.cast()
    async with asyncio.timeout(60):
        while await worker.counts("1") != [(1, 0)]:
            await asyncio.sleep(0)
    stopping.set()
    await running


async def test_fold_parks_only_the_vote_the_database_rejects(worker, ballot, connection):
    await connection.execute("ALTER TABLE like_counts ADD CONSTRAINT no_poison CHECK (album_id <> 'poison')")
    for album_id in ("1", "poison", "2", "1", "poison"):
        await ballot.cast(album_id)
    assert await worker.fold_once() == 5
    assert await worker.counts("1", "2", "poison") == [(2, 0), (1, 0), (0, 0)]
    assert await connection.fetchval("SELECT count(*) FROM parked_votes WHERE problem LIKE '%no_poison%'") == 2
