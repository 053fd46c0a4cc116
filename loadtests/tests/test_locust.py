"""A short Locust run of every kind of user, and one that fails by its thresholds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from loadtests.experiments.mesh import MeshWish
from loadtests.think_time import think_time

pytestmark = pytest.mark.xdist_group("lab")

ROOT = Path(__file__).parents[2]
EVERYBODY = ("AlbumUser", "BookShopper", "Buyer", "FlashSaleBuyer", "Seller", "SocketBuyer", "SocketSeller")


def locust(mesh, *arguments):
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary"]
    users = ["--users", "12", "--spawn-rate", "12", "--run-time", "6s", "--think-time", "0.05-0.1"]
    where = ["--host", mesh.gateway, "--monolith", mesh.monolith]
    return subprocess.run(
        [*command, *users, *where, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ
    )


@pytest.fixture(scope="module")
def mesh(launcher):
    return launcher.mesh(MeshWish())


def test_every_kind_of_user_finds_the_truth(mesh):
    ended = locust(mesh, *EVERYBODY, "--max-p95-ms", "60000")
    assert ended.returncode == 0, ended.stderr[-4000:]
    for name in (
        "/v1/items/{item_id}",
        "/books/{id}",
        "CatalogService/RegisterItem",
        "flash sale: stock adds up",
        "/review/{albumID}, votes add up",
    ):
        assert name in ended.stderr + ended.stdout


def test_a_run_that_is_too_slow_fails(mesh):
    ended = locust(mesh, "BookShopper", "--max-p95-ms", "0.001", "--shape", "Spike")
    assert ended.returncode == 1
    assert "the run failed" in ended.stderr


@pytest.mark.parametrize(("text", "bounds"), [("0.5-2", (0.5, 2.0)), ("1", (1.0, 1.0)), ("0", (0.0, 0.0))])
def test_a_think_time_is_a_number_or_two(text, bounds):
    assert think_time(text) == bounds


@pytest.mark.parametrize("text", ["", "2-1", "x", "1-2-3"])
def test_nonsense_is_no_think_time(text):
    with pytest.raises(Exception, match="is not like"):
        think_time(text)
