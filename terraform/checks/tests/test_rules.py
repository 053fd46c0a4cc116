"""The house rules of the configuration."""

import pytest
from checks.configuration import MODULE, arguments, configuration, nested_blocks, of_kind, parse

VARIABLES = of_kind("variable")
ENVIRONMENTS = sorted(MODULE.glob("envs/*.tfvars"))


@pytest.mark.parametrize("block", configuration(), ids=lambda block: block.address)
def test_nothing_runs_commands(block):
    assert block.labels[:1] not in {("null_resource",), ("terraform_data",), ("external",)}
    assert "provisioner" not in {name for name, _ in nested_blocks(block.body)}


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda variable: variable.labels[0])
def test_a_variable_has_a_description_a_type_and_a_validation_that_names_it(variable):
    assert {"description", "type"} <= arguments(variable.body).keys()
    validations = [body for name, body in nested_blocks(variable.body) if name == "validation"]
    assert validations
    assert all(str(validation["error_message"]).startswith(variable.labels[0]) for validation in validations)


def test_every_output_has_a_description():
    assert all("description" in output.body for output in of_kind("output"))


@pytest.mark.parametrize("kind", ["output", "variable"])
def test_declarations_stand_in_alphabetical_order(kind):
    names = [block.labels[0] for block in of_kind(kind)]
    assert names == sorted(names)


def test_providers_are_pinned_to_a_series():
    (settings,) = of_kind("terraform")
    ((_, providers),) = nested_blocks(settings.body)
    assert all(str(provider["version"]).startswith("~> ") for provider in arguments(providers).values())


@pytest.mark.parametrize("file", ENVIRONMENTS, ids=lambda file: file.stem)
def test_an_environment_leaves_only_the_project_open(file):
    given = arguments(parse(file.read_text())).keys()
    assert given <= {variable.labels[0] for variable in VARIABLES}
    assert {variable.labels[0] for variable in VARIABLES if "default" not in variable.body} - given == {"project_id"}
