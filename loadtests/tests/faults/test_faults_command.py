"""`python -m loadtests.faults` as a program: its exit code, its summary, and what it leaves running."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

pytestmark = pytest.mark.xdist_group("lab")


@pytest.fixture
def directory():
    # Not pytest's own: it takes back the permission that lets PostgreSQL's account pass.
    with TemporaryDirectory(prefix="agora-faults-") as directory:
        yield Path(directory)


def command(directory, *arguments):
    return [sys.executable, "-m", "loadtests.faults", *arguments, f"--directory={directory}"]


def left_running(directory):
    running = psutil.process_iter(["cmdline", "environ"])
    return [each for each in running if str(directory) in f"{each.info['cmdline']} {each.info['environ']}"]


def test_an_experiment_that_holds_exits_with_0(directory):
    done = subprocess.run(
        command(directory, "key-reuse", "--scale=0.1"), capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "key-reuse: passed" in done.stdout
    assert left_running(directory) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [(signal.SIGINT, "round 1 of"), (signal.SIGTERM, "random-faults-1-20: ")],
    ids=["in a round", "while its mesh starts"],
)
def test_an_interrupted_run_stops_its_mesh_and_sums_up(directory, number, said):
    with subprocess.Popen(
        command(directory, "random-faults", "--rounds=50"),
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            for line in process.stdout:
                if said in line:
                    process.send_signal(number)
                    break
            output, errors = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "acknowledged" in output.splitlines()[-2]  # the heading of the summary
    assert "Traceback" not in output + errors
    assert errors.splitlines()[-1] == "interrupted: this is not all that was asked for"
    assert left_running(directory) == []
