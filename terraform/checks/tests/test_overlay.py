"""The values file that Terraform hands to the chart."""

import base64
import json

import pytest
import yaml
from checks.configuration import MODULE, locals_
from checks.overlay import SAMPLE, TEMPLATE, paths, placeholders, render, sample
from checks.programs import helm, sandbox, succeed, terraform

CHART = MODULE.parent / "charts" / "agora"


def shape(value):
    """Names of an object's members; where the configuration has an expression, only Terraform knows them."""
    return {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else ...


def test_the_sample_has_the_names_that_the_output_passes():
    passed = shape(locals_()["overlay"])
    given = shape(sample())
    assert given.keys() == passed.keys()
    assert {name: given[name] for name in passed if passed[name] is not ...} == {
        name: members for name, members in passed.items() if members is not ...
    }


def test_the_template_uses_every_value_it_is_given():
    assert placeholders() == set(paths(sample()))


def test_every_service_has_its_identity_and_those_with_a_database_theirs():
    declared = locals_()["services"]
    services = yaml.safe_load(render())["services"]
    assert services.keys() == declared.keys()
    for name, service in services.items():
        # iam.tf binds the identity to the Kubernetes account of this very name.
        assert service["serviceAccount"]["name"] == name
        assert (service.get("database", {}).get("name") == name) is declared[name]["database"]


def test_the_readme_shows_the_overlay_as_it_is_rendered():
    assert render() in (MODULE / "README.md").read_text()


def test_terraform_renders_the_same():
    with sandbox(str(TEMPLATE.relative_to(MODULE))) as copy:
        (copy / "sample.json").write_text(SAMPLE.read_text())
        expression = f'base64encode(templatefile("templates/{TEMPLATE.name}", jsondecode(file("sample.json"))))'
        rendered = json.loads(succeed(terraform(), "console", cwd=copy, stdin=expression))
    assert base64.b64decode(rendered).decode() == render()


def test_the_chart_accepts_the_overlay(tmp_path):
    if not CHART.is_dir():
        pytest.skip("charts/agora is not in this tree, so helm template has nothing to render")
    values = tmp_path / "gke.yaml"
    values.write_text(render())
    assert succeed(helm(), "template", "agora", CHART, "--namespace", "agora", "--values", values)
