"""Runs in a container of an image, whose name it is given. Ends with one line when it could do what it must not."""
# ruff: noqa: S108 - places that are looked at, and not written to

import importlib.util
import os
import shutil
import sys
from pathlib import Path

name = sys.argv[1]
status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
if os.getuid() < 1000 or os.getgid() < 1000:
    sys.exit(f"{name} runs as {os.getuid()}:{os.getgid()}")
if int(status["CapEff"], 16) or int(status["CapBnd"], 16) or status["NoNewPrivs"] != "1":
    sys.exit(f"{name} has capabilities, or could get some")
places = ("/", "/etc", "/opt/agora", "/run", "/usr", "/var/tmp")
if writable := [place for place in places if os.access(place, os.W_OK)]:
    sys.exit(f"{name} can write {' and '.join(writable)}")
if tools := [tool for tool in ("cc", "gcc", "pip", "pip3") if shutil.which(tool)]:
    sys.exit(f"{name} has {' and '.join(tools)}")
if modules := [module for module in ("ensurepip", "hatchling", "pip") if importlib.util.find_spec(module)]:
    sys.exit(f"{name} can import {' and '.join(modules)}")
