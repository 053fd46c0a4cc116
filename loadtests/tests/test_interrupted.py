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


def test_a_report_is_written_of_what_was_measured(directory):
    command = [sys.executable, "-m", *_COMMAND, f"--reports={directory / 'reports'}"]
    # Its mesh is below this directory, so that what is left of it can be told.
    environment = os.environ | {"TMPDIR": str(directory)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            for line in process.stderr:
                if "search_items, rest" in line:
                    os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it, to the drivers too
                    break
            process.stderr.read()
            assert process.wait(120) == 130
        finally:
            process.kill()
    written = json.loads((directory / "reports" / "bench.json").read_text())
    assert written["machine"]["interrupted"]
    assert {run["operation"] for run in written["runs"]} == {"get_seller_rating"}
    assert (directory / "reports" / "index.html").exists()
    assert not [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(directory) in " ".join(process.info["cmdline"] or [])
    ]
