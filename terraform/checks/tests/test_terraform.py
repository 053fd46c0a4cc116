"""What Terraform itself says, as far as this machine lets it."""

from pathlib import Path

import pytest
from checks.configuration import MODULE
from checks.programs import run, sandbox, succeed, terraform

ENVIRONMENT_FILES = sorted(MODULE.glob("envs/*.tfvars"))


@pytest.fixture(scope="module")
def initialised():
    """The module with its provider, where the registry is reached."""
    with sandbox("*.tf", "envs/*", "templates/*", "tests/*") as copy:
        finished = run(terraform(), "init", "-backend=false", "-input=false", cwd=copy)
        if "Failed to query available provider packages" in finished.stderr:
            pytest.skip("the google provider cannot be downloaded here")
        assert finished.returncode == 0, finished.stderr
        yield copy


def test_terraform_validates(initialised: Path):
    succeed(terraform(), "validate", cwd=initialised)


def test_terraform_test_passes_with_a_mocked_provider(initialised: Path):
    succeed(terraform(), "test", cwd=initialised)


def test_the_variables_refuse_what_they_should():
    """The variables alone need no provider, so Terraform evaluates their validations offline."""
    with sandbox("variables.tf", "tests/variables.tftest.hcl") as copy:
        tests = copy / "tests" / "variables.tftest.hcl"
        tests.write_text(tests.read_text().replace('mock_provider "google" {}\n', ""))
        succeed(terraform(), "init", "-input=false", cwd=copy)
        assert " 0 failed" in succeed(terraform(), "test", cwd=copy)


@pytest.mark.parametrize("file", ENVIRONMENT_FILES, ids=lambda file: file.stem)
def test_the_variables_accept_an_environment(file: Path):
    with sandbox("variables.tf", f"envs/{file.name}") as copy:
        values = (f"-var-file=envs/{file.name}", "-var=project_id=acme-shop")
        succeed(terraform(), "plan", "-input=false", *values, cwd=copy)
