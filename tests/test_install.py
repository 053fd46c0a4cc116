"""`scripts/install`: the virtual environment of the tree."""

import subprocess
import sys
from pathlib import Path

INSTALL = Path(__file__).parents[1] / "scripts" / "install"


def test_install_completes_a_venv_without_pip(tmp_path):
    """An interrupted `python -m venv` leaves an interpreter and no pip."""
    lock = tmp_path / "empty.lock"
    lock.touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    subprocess.run([INSTALL, sys.executable, lock], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    subprocess.run([tmp_path / ".venv/bin/pip", "--version"], check=True, capture_output=True)
