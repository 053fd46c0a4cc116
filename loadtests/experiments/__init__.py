"""The seeds' experiments as commands: `python -m loadtests.experiments`."""
