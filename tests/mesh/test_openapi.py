"""The OpenAPI document is true: whatever it allows to be sent, the mesh answers as it says."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Mesh, Person

# Every request bears the token, so auth cannot be tried without. Valid data may be refused for the state of the shop (a
# key that was used before), and 5.0 is an integer to JSON Schema only.
EXCLUDED_CHECKS = ["ignored_auth", "positive_data_acceptance"]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("role", ["buyer", "seller"])
def test_nothing_generated_from_it_gets_a_5xx_or_an_undocumented_answer(
    mesh: Mesh, sign_in: Callable[..., Person], tmp_path: Path, role: str
):
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{mesh.url}/openapi.json"),
            *("--header", f"Authorization: Bearer {sign_in(role).token}"),
            *("--exclude-path", "/v1/sessions/current"),
            *("--max-examples", "8", "--phases", "examples,coverage,fuzzing", "--seed", "1", "--workers", "1"),
            *("--exclude-checks", ",".join(EXCLUDED_CHECKS)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
