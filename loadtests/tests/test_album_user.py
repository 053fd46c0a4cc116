"""Locust's users of the album store against a store that lies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from loadtests.tests.lying_store import lying_store

ROOT = Path(__file__).parents[2]


def locust(url):
    command = [sys.executable, "-m", "locust", "-f", "loadtests/locustfile.py", "--headless", "--only-summary"]
    users = ["--users", "2", "--spawn-rate", "2", "--run-time", "2s", "--think-time", "0.01", "--max-p95-ms", "60000"]
    return subprocess.run(
        [*command, *users, "--host", url, "AlbumUser"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )


@pytest.mark.parametrize(
    "lies",
    [
        {"a shorter image": "/albums"},
        {"another profile": "/albums/{albumID}", "another image": "/albums/{albumID}/image"},
        {"another etag": "/albums/{albumID}/image", "votes disappear": "/review/{albumID}"},
        {"votes of others": "/review/{albumID}"},
        {"votes are lost": "/review/{albumID}, votes add up"},
    ],
)
def test_every_lie_is_seen_where_it_is_told(lies):
    with lying_store(*lies) as url:
        ended = locust(url)
    assert ended.returncode == 1
    failures = ended.stderr[ended.stderr.index("Error report") :]
    for seen_at in lies.values():
        assert f" {seen_at}: untrue" in failures, failures


def test_a_true_store_fails_nobody():
    with lying_store() as url:
        ended = locust(url)
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert "votes add up" in ended.stderr
