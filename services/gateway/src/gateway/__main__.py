"""Starts the gateway."""

from chassis.settings import read_or_exit
from gateway.server import run
from gateway.settings import Settings

run(read_or_exit(Settings.read))
