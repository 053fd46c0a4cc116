"""The test session itself: how it ends when it is told to, and what it leaves behind."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

SUITE = """
import threading
from pathlib import Path
import pytest

HERE = Path(__file__).parent

@pytest.fixture
def resource():
    yield
    (HERE / "released").touch()

def test_waits(resource):
    (HERE / "waiting").touch()
    threading.Event().wait(60)
"""


def test_sigterm_runs_the_teardown_of_fixtures(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "conftest", "-c", ROOT / "pyproject.toml", tmp_path]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as session:
        while not (tmp_path / "waiting").exists():
            assert session.poll() is None, session.stdout.read()
        session.send_signal(signal.SIGTERM)
        session.communicate(timeout=60)
    assert (tmp_path / "released").exists()
