"""What the album store's experiment asks for and checks."""

from array import array
from dataclasses import replace
from io import BytesIO
from itertools import accumulate, cycle
from types import SimpleNamespace

import pytest
from loadtests.album_upload import CONTENT_TYPE, multipart, png
from loadtests.driver.load import Address, Load, Outcome
from loadtests.experiments import albums, albums_throughput, in_turn
from loadtests.experiments.albums_scripts import REQUESTS_A_ROUND, VOTES_A_ROUND, rounds, votes
from loadtests.experiments.albums_stock import Stock, check_votes, new_stock
from loadtests.experiments.in_turn import Contender, measure_in_turn, turn_s, turns_s
from loadtests.experiments.lab import QUICK, SEEDS
from loadtests.experiments.results import Cell, Results
from loadtests.tests.lying_store import lying_store
from python_multipart import parse_form

from localmesh.errors import MeshError

ALBUMS = [str(number) for number in range(1, 6)]


def test_an_upload_is_multipart_as_others_read_it():
    image, parts = png(34), {}
    body = multipart(image, {"artist": "A", "title": "T", "year": "1977"})
    headers = {"Content-Type": CONTENT_TYPE.encode(), "Content-Length": str(len(body)).encode()}

    def note(part):
        part.file_object.seek(0)
        parts[part.field_name] = part.file_object.read()

    parse_form(headers, BytesIO(body), lambda field: parts.update({field.field_name: field.value}), note)
    assert parts[b"image"] == image
    assert parts[b"profile"] == b'{"artist":"A","title":"T","year":"1977"}'


def test_a_picture_has_the_size_it_should_and_is_the_same_each_time():
    assert png(34) == png(34)
    assert 3 * 34 * 34 < len(png(34)) < 3.2 * 34 * 34
    assert png(8).startswith(b"\x89PNG\r\n\x1a\n")


def test_a_round_is_that_of_the_seed_and_clients_have_albums_of_their_own():
    first, second, *_, last = rounds(ALBUMS, 6)
    lines = [step.request.split(b"\r\n", 1)[0].decode() for step in first]
    assert lines == [
        "POST /albums HTTP/1.1",
        "GET /albums/1 HTTP/1.1",
        "POST /review/like/1 HTTP/1.1",
        "POST /review/like/1 HTTP/1.1",
        "POST /review/dislike/1 HTTP/1.1",
    ]
    assert (len(first), sum(b"/review/" in step.request for step in first)) == (REQUESTS_A_ROUND, VOTES_A_ROUND)
    assert second[1].request.startswith(b"GET /albums/2 ")
    assert last == first, "the sixth client of five albums"


def test_no_two_voters_begin_with_the_same_album_while_there_are_enough():
    assert len({script[0].request for script in votes(ALBUMS, 5)}) == 5


class Lab:
    """A load takes no time here; `driven` says on what each was put, and for how long."""

    def __init__(self, runs=2, seconds=6.0):
        self.extent = replace(SEEDS, runs=runs, seconds=seconds)
        self.results = Results()
        self.driven = []

    def drive(self, load):
        self.driven.append((load.address.host, load.seconds))
        return Outcome(latencies=array("d", [0.001] * load.operations), began=0.0, ended=1.0)


def contender(host, operations=10):
    load = Load(Address("rest", host, 1), (), operations, 5.0)
    return Contender(Cell("albums", "rest", "off", host, 1), load, {1: host})


def test_contenders_take_turns_after_a_warm_up_and_one_that_comes_twice_is_measured_twice_as_often():
    lab, (nothing, vote, read) = Lab(runs=5), map(contender, ("nothing", "vote", "read"))
    runs = measure_in_turn(lab, [nothing, vote, nothing, read])
    assert [host for host, _ in lab.driven[:3]] == ["nothing", "vote", "read"]
    assert all(seconds < 1 for _, seconds in lab.driven[:3])
    assert [host for host, _ in lab.driven[3:]] == ["nothing", "vote", "nothing", "read"] * 5
    assert [(run.operation, run.runs, run.operations) for run in runs] == [
        ("nothing", 10, 100), ("vote", 5, 50), ("read", 5, 50),
    ]  # fmt: skip
    assert lab.results.runs == runs


def test_the_cpu_of_a_contender_is_that_of_its_own_turns(monkeypatch):
    # Everything between a load's two readings costs 20 ms; what happens between loads, a second.
    clock = accumulate(cycle((1.0, 0.02)))
    monkeypatch.setattr(in_turn, "cpu_seconds", lambda tiers: dict.fromkeys(tiers.values(), next(clock)))
    for run in measure_in_turn(Lab(runs=4), [contender("vote"), contender("read")]):
        assert run.mesh_cpu_ms_per_operation[run.operation] == pytest.approx(20 / 10)
        assert run.mesh_cpu_ms_per_operation["total"] == pytest.approx(20 / 10)


@pytest.mark.parametrize(("extent", "turns", "seconds"), [(QUICK, 3, QUICK.seconds), (SEEDS, 10, 100.0)])
def test_turns_are_short_and_many(extent, turns, seconds):
    lab = Lab(extent.runs, extent.seconds)
    measure_in_turn(lab, [contender("vote")])
    assert len(lab.driven) == 1 + turns
    assert turns * turn_s(extent) == pytest.approx(seconds)
    assert turns_s(extent, 2) > 2 * seconds


class Counted:
    def __init__(self, votes):
        self._votes = votes

    def votes(self, _at_least):
        return self._votes


@pytest.mark.parametrize(("counted", "errors"), [(30, 0), (28, 2), (31, 1)])
def test_a_vote_that_was_answered_and_not_counted_is_an_error_and_so_is_one_too_many(counted, errors):
    lab, outcome = Lab(), Outcome()
    assert check_votes(lab, Counted(counted), outcome, 30) == counted
    assert outcome.errors.total() == lab.results.errors.total() == errors


@pytest.mark.parametrize(("extent", "least", "most"), [(QUICK, 10, 25), (SEEDS, 1200, 7200)])
def test_a_quick_run_takes_seconds_and_a_whole_one_what_the_seed_did(extent, least, most):
    assert least < albums.expected_s(extent) < most


def test_the_seeds_extent_is_600_000_requests_2000_a_thread():
    groups, requests = albums_throughput.extent_of(SEEDS)
    assert (groups * albums_throughput.THREADS * requests, requests) == (600_000, 2000)


@pytest.mark.parametrize("extent", [QUICK, replace(SEEDS, operations=1002), replace(SEEDS, operations=1)])
def test_threads_do_whole_rounds_however_few_requests_are_asked_for(extent):
    _, requests = albums_throughput.extent_of(extent)
    assert requests % REQUESTS_A_ROUND == 0
    assert requests > 0


def test_a_gateway_that_is_gone_is_told_of():
    with pytest.raises(MeshError, match="cannot be reached"):
        new_stock(SimpleNamespace(gateway="http://127.0.0.1:1"))


def test_a_gateway_that_refuses_is_told_of():
    with lying_store() as url, pytest.raises(MeshError, match="404"):
        Stock(SimpleNamespace(gateway=url), ["unknown"]).votes(1)
