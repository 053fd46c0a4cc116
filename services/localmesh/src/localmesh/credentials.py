"""Passwords and tokens of a mesh: made once, each in a file of its own that only the owner can read."""

import secrets
from pathlib import Path

from localmesh.state import write_privately


def credential(directory: Path, name: str) -> str:
    path = directory / name
    if not path.exists():
        write_privately(path, secrets.token_hex(24))
    return path.read_text()
