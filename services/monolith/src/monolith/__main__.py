"""Starts the monolith."""

from chassis.settings import read_or_exit
from monolith.process import run
from monolith.settings import Settings

run(read_or_exit(Settings.read))
