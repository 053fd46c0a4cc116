"""Every file parses; whatever Terraform or its test runner reads is among them."""

import pytest
from checks.configuration import MODULE, blocks, parse

SOURCES = sorted([*MODULE.glob("*.tf"), *MODULE.glob("tests/*.tftest.hcl")])
VALUES = sorted(MODULE.glob("envs/*.tfvars"))


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_a_source_file_holds_blocks(file):
    assert list(blocks(file.read_text()))


@pytest.mark.parametrize("file", VALUES, ids=lambda file: file.name)
def test_a_values_file_holds_arguments(file):
    assert parse(file.read_text())
