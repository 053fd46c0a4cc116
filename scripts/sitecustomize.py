"""Copied into the images, where Python imports it before anything else.

The first process of a container gets no signal it has no handler for, so a service that is told to stop while it is
still importing would never hear of it, and be killed when its grace is over. From here on it stops at once; when it
serves, its own handler takes the place of this one.
"""
# ruff: noqa: INP001 - a script, not a package

import signal
import sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
