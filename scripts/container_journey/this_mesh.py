"""A plugin of pytest: the tests of tests/mesh run on the mesh that the environment names, and start none."""

import os
from pathlib import Path

import pytest


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A fixture gives way to a parameter of its name."""
    if "mesh" in metafunc.fixturenames:
        from tests.mesh.conftest import Mesh

        running = Mesh(os.environ["AGORA_URL"], Path(os.environ["AGORA_LOCAL_DIR"]), dict(os.environ))
        metafunc.parametrize("mesh", [running], ids=["containers"], scope="session")
