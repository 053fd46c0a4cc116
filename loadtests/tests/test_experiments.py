"""Each experiment, tiny, on a real mesh: every cell filled, nothing refused."""

import pytest
from loadtests.driver.fleet import Fleet
from loadtests.driver.load import TIERS_READ_EVERY
from loadtests.experiments import albums, albums_reads, bookstore, hit_miss, limits, marketplace, staleness
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.progress import Progress
from loadtests.experiments.results import Results

TINY = Extent(operations=20, runs=2, seconds=0.2, hit_miss_rounds=2, staleness_s=1.0)

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture
def lab(launcher, monkeypatch):
    for module in (marketplace, bookstore, limits, albums_reads):
        monkeypatch.setattr(module, "CLIENTS", (1, 3))
    monkeypatch.setattr(marketplace, "MANY_ITEMS", 200)
    with Fleet(1) as fleet, Progress(60.0) as progress:
        yield Lab(launcher, fleet, TINY, progress, Results())


@pytest.mark.parametrize(
    ("experiment", "cells"),
    [
        (marketplace, 20 + 8 + 2),
        (bookstore, 12),
        (hit_miss, 1),
        (albums, 1 + 2 + 1 + 6 + 1),
        (limits, 8),
        (staleness, 2),
    ],
)
def test_every_cell_of_an_experiment_is_filled(lab, monkeypatch, experiment, cells):
    if experiment is limits:
        monkeypatch.setattr(limits, "_table", lambda _: None)
    experiment.run(lab)
    assert not lab.results.errors
    assert len(lab.results.runs) == cells
    for run in lab.results.runs:
        assert run.errors == 0
        assert run.throughput_per_s > 0
        assert run.latency_ms["mean"] > 0
        assert "total" in run.mesh_cpu_ms_per_operation
        # A machine that stands still answers too few requests for the tiers of one to be read.
        tiers_are_read = run.operations >= run.runs * TIERS_READ_EVERY
        has_no_tiers = run.transport == "socket" or experiment in (albums, limits, staleness, hit_miss)
        assert has_no_tiers or run.tier_ms or not tiers_are_read
    assert experiment.expected_s(TINY) > 0
