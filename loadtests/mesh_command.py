"""`agora mesh`, run for those who measure a mesh or break it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from localmesh.errors import MeshError


def agora_mesh(variables: Mapping[str, str], *arguments: str) -> None:
    """Runs until the command ends; raises MeshError with what it said when it fails."""
    command = [str(Path(sys.executable).with_name("agora")), "mesh", *arguments]
    done = subprocess.run(  # noqa: S603 - our own command
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        # Ctrl-C at a terminal interrupts a mesh that starts, and must not interrupt the command that stops it.
        start_new_session="down" in arguments,
    )
    if done.returncode != 0:
        raise MeshError(done.stderr.strip())
