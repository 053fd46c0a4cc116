"""What is made of the readings of a worker's metrics."""

import threading
from itertools import chain, repeat

import pytest
from loadtests.experiments.vote_watch import Reading, VoteWatch, periods_of, rates_of


def steady(count, per_s=400.0, every_s=1.0):
    """A constant rate, of which 40 votes wait at every look, but for one look with 90."""
    waiting = [40.0] * count
    waiting[count // 2] = 90.0
    return [
        Reading(
            100 + index * every_s, 1000 + index * per_s * every_s, 500 + index * per_s * every_s, waiting[index], 0.1
        )
        for index in range(count)
    ]


def test_periods_follow_each_other_without_a_gap_and_hold_every_vote():
    readings = steady(24, per_s=300.0, every_s=1.1)
    periods = periods_of(readings, 10)
    assert len(periods) == 10
    assert (periods[0].begin_s, periods[-1].end_s) == (0, pytest.approx(23 * 1.1))
    assert [period.begin_s for period in periods[1:]] == [period.end_s for period in periods[:-1]]
    produced = sum(period.produced_per_s * (period.end_s - period.begin_s) for period in periods)
    assert produced == pytest.approx(readings[-1].appended - readings[0].appended)


def test_a_constant_rate_is_the_rate_of_every_period_however_unevenly_it_is_looked_at():
    readings = [Reading(at, 400 * at, 400 * (at - 0.1), 40, 0.1) for at in (0.0, 0.9, 2.0, 3.3, 4.1, 5.0, 6.2)]
    for period in (*periods_of(readings, 3), *rates_of(readings)):
        assert period.produced_per_s == pytest.approx(400)
        assert period.consumed_per_s == pytest.approx(400)


def test_consumption_that_falls_behind_shows_in_its_rate_and_in_the_lag():
    readings = [Reading(at, 400 * at, 300 * at, 100 * at, at / 4) for at in range(11)]
    first, last = periods_of(readings, 2)
    assert (first.produced_per_s, first.consumed_per_s) == (400, 300)
    assert (first.mean_waiting, first.most_waiting, first.oldest_s) == (300, 500, 1.25)
    assert (last.mean_waiting, last.most_waiting, last.oldest_s) == (800, 1000, 2.5)


def test_what_waited_at_one_look_belongs_to_one_period():
    periods = periods_of(steady(21), 4)
    assert [period.most_waiting for period in periods].count(90) == 1


@pytest.mark.parametrize(("readings", "periods"), [(0, 0), (1, 0), (2, 1), (3, 2), (30, 10)])
def test_there_are_no_more_periods_than_readings_allow(readings, periods):
    assert len(periods_of([Reading(at, at, at, 0, 0) for at in range(readings)], 10)) == periods
    assert len(rates_of([Reading(at, at, at, 0, 0) for at in range(readings)])) == max(0, readings - 1)


class Worker:
    """Tells its looks one after the other, each of them as often as it is asked for; and then no more."""

    def __init__(self, looks, asked):
        self._told = chain.from_iterable(repeat(look, asked) for look in looks)
        self.is_done = threading.Event()
        self._last = looks[-1]

    def read(self):
        told = next(self._told, None)
        if told is None:
            self.is_done.set()
        return told or self._last


def test_a_look_that_is_told_often_is_one_reading():
    looks = [Reading(index, 400.0 * index, 0, 40, 0.1) for index in range(4)]
    worker = Worker(looks, asked=3)
    with VoteWatch(worker) as watch:
        assert worker.is_done.wait(30)
    assert watch.readings == looks[1:], "the first is what was told before the block"


def test_a_worker_that_cannot_be_asked_fails_the_watch():
    class Gone(Worker):
        def read(self):
            told = super().read()
            if self.is_done.is_set():
                raise ConnectionError
            return told

    worker = Gone([Reading(0, 0, 0, 0, 0)], asked=2)
    with pytest.raises(ConnectionError), VoteWatch(worker):
        assert worker.is_done.wait(30)
