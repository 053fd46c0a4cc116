"""What Terraform itself says: with the provider where it can be had, with a stand-in of the same schema anywhere."""

import pytest
from checks.configuration import MODULE
from checks.programs import run, sandbox, succeed, terraform
from checks.standin import served

EVERYTHING = ("*.tf", "envs/*", "templates/*", "tests/*")
ENVIRONMENTS = sorted(MODULE.glob("envs/*.tfvars"))


@pytest.fixture(scope="module")
def with_the_provider():
    with sandbox(*EVERYTHING) as copy:
        finished = run(terraform(), "init", "-backend=false", "-input=false", cwd=copy)
        if "Failed to query available provider packages" in finished.stderr:
            pytest.skip("the google provider cannot be downloaded here")
        assert finished.returncode == 0, finished.stderr
        yield copy


def test_terraform_validates_with_the_provider(with_the_provider):
    succeed(terraform(), "validate", cwd=with_the_provider)


def test_terraform_test_passes_with_the_provider_mocked(with_the_provider):
    succeed(terraform(), "test", cwd=with_the_provider)


@pytest.fixture(scope="module")
def stand_in():
    with served() as environment:
        yield environment


def test_terraform_validates_with_the_stand_in(stand_in):
    with sandbox(*EVERYTHING) as copy:
        succeed(terraform(), "validate", cwd=copy, environment=stand_in)


def test_terraform_test_passes_with_the_stand_in_mocked(stand_in):
    with sandbox(*EVERYTHING) as copy:
        assert " 0 failed" in succeed(terraform(), "test", cwd=copy, environment=stand_in)


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("memory_size_gb ", "memory_size_gib ", "Unsupported argument"),
        ("= var.redis_memory_gb", '= "plenty"', "a number is required"),
        ("google_compute_network.agora.id", "google_compute_network.agora.idd", "Unsupported attribute"),
    ],
)
def test_terraform_finds_a_slip_with_the_stand_in(stand_in, old, new, found):
    with sandbox(*EVERYTHING) as copy:
        text = (copy / "redis.tf").read_text()
        assert old in text
        (copy / "redis.tf").write_text(text.replace(old, new, 1))
        assert found in run(terraform(), "validate", cwd=copy, environment=stand_in).stderr


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_the_variables_accept_an_environment(file):
    """The variables alone need no provider."""
    with sandbox("variables.tf", f"envs/{file.name}") as copy:
        values = (f"-var-file=envs/{file.name}", "-var=project_id=acme-shop")
        succeed(terraform(), "plan", "-input=false", *values, cwd=copy)
