"""A run that somebody ends keeps what it measured, says that it is not all, and leaves no mesh behind."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

pytestmark = pytest.mark.xdist_group("lab")

_COMMAND = ["loadtests.experiments", "marketplace", "--runs=1", "--operations=20"]


@pytest.fixture
def directory():
    # Not pytest's own: it takes back the permission that lets PostgreSQL's account pass.
    with TemporaryDirectory(prefix="agora-interrupted-") as directory:
        yield Path(directory)


@pytest.fixture
def start(directory):
    """`start(*arguments)` runs the experiments as a person at a terminal does, in a process group of their own."""
    started = []

    def run(*arguments):
        command = [sys.executable, "-m", *_COMMAND, f"--reports={directory / 'reports'}", *arguments]
        # Its mesh is below this directory, so that what is left of it can be told.
        process = subprocess.Popen(
            command,
            env=os.environ | {"TMPDIR": str(directory)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def interrupt_at(process, words, number=signal.SIGINT):
    """Signal the whole group, as a terminal does, when a line of progress has these words; returns what follows."""
    for line in process.stderr:
        if words in line:
            os.killpg(process.pid, number)
            break
    rest = process.stderr.read()
    assert process.wait(120) == 130
    return rest


def processes_in(directory):
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(directory) in " ".join(process.info["cmdline"] or [])
    ]


@pytest.mark.timeout(300)
def test_interrupted_run_is_kept_beside_the_last_complete_one(directory, start):
    reports = directory / "reports"
    reports.mkdir()
    (reports / "bench.json").write_text("the last complete run")
    said = interrupt_at(start(), "search_items, rest")
    assert "Traceback" not in said
    [folder] = [path for path in reports.iterdir() if path.is_dir()]
    written = json.loads((folder / "bench.json").read_text())
    assert written["machine"]["interrupted"]
    assert {run["operation"] for run in written["runs"]} == {"get_seller_rating"}
    assert (folder / "index.html").exists()
    assert (reports / "bench.json").read_text() == "the last complete run"
    assert processes_in(directory) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_interrupted_at_its_start_says_so_in_one_line(directory, start, number):
    said = interrupt_at(start(), "a mesh with cache", number)
    assert said.splitlines() == ["loadtests.experiments: interrupted"]
    assert not (directory / "reports").exists()
    assert processes_in(directory) == []
