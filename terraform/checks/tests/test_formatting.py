"""Formatting, as Terraform itself wants it."""

from checks.programs import succeed, terraform


def test_every_file_is_formatted():
    succeed(terraform(), "fmt", "-check", "-recursive", "-diff")
