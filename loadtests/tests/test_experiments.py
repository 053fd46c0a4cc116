"""Each experiment, tiny, on a real mesh: every cell filled, nothing refused."""

import pytest
from loadtests.driver.fleet import Fleet
from loadtests.experiments import bookstore, hit_miss, limits, marketplace, staleness
from loadtests.experiments.lab import Extent, Lab
from loadtests.experiments.progress import Progress

TINY = Extent(operations=20, runs=2, seconds=0.2, hit_miss_rounds=2, staleness_s=1.0)

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture
def lab(launcher, monkeypatch):
    for module in (marketplace, bookstore, limits):
        monkeypatch.setattr(module, "CLIENTS", (1, 3))
    monkeypatch.setattr(marketplace, "MANY_ITEMS", 200)
    with Fleet(1) as fleet, Progress(60.0) as progress:
        yield Lab(launcher, fleet, TINY, progress)


@pytest.mark.parametrize(
    ("experiment", "cells"), [(marketplace, 20 + 8 + 2), (bookstore, 12), (hit_miss, 1), (limits, 8), (staleness, 2)]
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
        assert run.transport == "socket" or run.tier_ms or experiment in (limits, staleness, hit_miss)
    assert experiment.expected_s(TINY) > 0
