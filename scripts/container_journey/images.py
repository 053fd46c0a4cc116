"""What an image weighs beyond its base, and what a process in it can and cannot do."""

import sys
from pathlib import Path
from typing import Final

from scripts.container_journey.engine import Engine, is_here

IMAGES: Final = ("account", "catalog", "gateway", "loadtests", "monolith", "order", "review")
_MOST_MB: Final = {"gateway": 110, "loadtests": 140}
_MOST_MB_OF_A_SERVICE: Final = 90
_INSIDE: Final = Path(__file__).with_name("inside.py").read_text()


def check_image(engine: Engine, name: str) -> str:
    """A line that says what it weighs. Ends the script when that is too much, or its process could do too much."""
    # Who built it need not have left the base where the images are.
    if not is_here(engine.program, engine.base_image):
        engine.ask("pull", engine.base_image)
    size = (_size(engine, engine.image(name)) - _size(engine, engine.base_image)) / 1e6
    most = _MOST_MB.get(name, _MOST_MB_OF_A_SERVICE)
    line = f"{name:<10} {size:4.0f} MB beyond its base, under {most}"
    if size >= most:
        sys.exit(f"not so: {line}")
    engine.ask("run", "--rm", *engine.run_options, "--entrypoint=python3", engine.image(name), "-c", _INSIDE, name)
    return line


def _size(engine: Engine, image: str) -> int:
    return int(engine.ask("image", "inspect", "--format={{.Size}}", image))
