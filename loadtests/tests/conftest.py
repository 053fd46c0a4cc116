"""A small mesh that the experiments and Locust share."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from loadtests.experiments.mesh import MeshLauncher


@pytest.fixture(scope="session")
def launcher() -> Iterator[MeshLauncher]:
    # Not pytest's own directory: it takes back the permission that lets PostgreSQL's account pass.
    with TemporaryDirectory(prefix="agora-lab-") as directory, MeshLauncher(Path(directory), 10_000) as running:
        yield running
