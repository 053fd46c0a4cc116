"""The stream is trimmed behind what is folded, ids are forgotten when they can be, and the lag is told."""

import time
from datetime import UTC, datetime, timedelta

from review.worker.stream import StreamState
from review.worker.upkeep import REMEMBERED_FOR, _forgettable


async def test_only_what_everyone_has_folded_is_trimmed(start_worker, ballot):
    slow, fast = await start_worker("slow"), await start_worker("fast")
    await ballot.cast()
    await fast.fold_once()
    kept = [await ballot.append(vote=b"slow") for _ in range(2)]
    entries = await slow.stream.read()
    after = await ballot.append(vote=b"fast")
    await fast.fold_once()
    waiting = await ballot.append(vote=b"not delivered")

    state = await fast.stream.trim()
    assert await ballot.ids() == [*kept, after, waiting]
    assert (state.appended, state.backlog, state.pending) == (5, 3, 2)

    await slow.stream.acknowledge(entries)
    state = await fast.stream.trim()
    assert await ballot.ids() == [waiting]
    assert (state.backlog, state.pending) == (1, 0)


async def test_an_idle_stream_is_empty(worker, ballot):
    await ballot.cast()
    await worker.fold_once()
    state = await worker.stream.trim()
    assert await ballot.ids() == []
    assert (state.appended, state.backlog, state.pending, state.oldest_ms) == (1, 0, 0, None)


async def test_the_age_of_the_oldest_vote_is_told(worker, ballot):
    entry_id = await ballot.append(vote=b"")
    state = await worker.stream.trim()
    assert state.oldest_ms == int(entry_id.partition("-")[0])
    assert abs(state.oldest_ms / 1000 - time.time()) < 60


async def test_a_trim_before_anything_was_cast_does_no_harm(worker):
    state = await worker.stream.trim()
    assert (state.appended, state.backlog, state.pending, state.oldest_ms) == (0, 0, 0, None)


async def test_ids_are_forgotten_a_bounded_number_at_a_time(worker, ballot, connection):
    for _ in range(5):
        await ballot.cast()
    await worker.fold_once()
    soon = datetime.now(UTC) + timedelta(minutes=1)
    await worker.repository.forget_counted(soon, 3)
    assert await connection.fetchval("SELECT count(*) FROM counted_votes") == 2
    await worker.repository.forget_counted(soon - timedelta(minutes=2), 3)
    assert await connection.fetchval("SELECT count(*) FROM counted_votes") == 2


def test_nothing_is_forgotten_that_is_still_in_the_stream():
    an_age_ago = datetime.now(UTC) - 2 * REMEMBERED_FOR
    waiting = StreamState(appended=1, backlog=1, pending=1, oldest_ms=int(an_age_ago.timestamp() * 1000))
    assert _forgettable(waiting) <= an_age_ago
    empty = StreamState(appended=1, backlog=0, pending=0, oldest_ms=None)
    assert an_age_ago < _forgettable(empty) <= datetime.now(UTC) - REMEMBERED_FOR
