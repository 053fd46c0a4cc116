"""docker or podman, and how it runs our images as the cluster would."""
# ruff: noqa: S603 - runs what the settings name

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# What the restricted standard and the chart ask of a pod. The user is the image's own, and the stores are the host's.
_RESTRICTED = [
    "--network=host",
    "--read-only",
    "--tmpfs=/tmp:size=64m,mode=1777",
    "--cap-drop=all",
    "--security-opt=no-new-privileges",
]


def program_of(settings: Mapping[str, str]) -> str:
    return settings.get("ENGINE") or ("docker" if shutil.which("docker") else "podman")


def is_here(program: str, image: str) -> bool:
    return not subprocess.run([program, "image", "inspect", image], capture_output=True, check=False).returncode


@dataclass(frozen=True)
class Engine:
    """`run_options` come before the image in every `run`."""

    program: str
    images: str
    tag: str
    base_image: str
    run_options: list[str]

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Self:
        """Names, defaults and meanings are those of scripts/images."""
        program = program_of(settings)
        # By itself podman makes some places of a read-only container writable.
        stricter = ["--read-only-tmpfs=false"] if program == "podman" else []
        return cls(
            program,
            f"{settings.get('REGISTRY') or 'localhost'}/agora",
            settings.get("TAG") or _found(r'^appVersion: "(.*)"', "charts/agora/Chart.yaml"),
            settings.get("BASE_IMAGE") or _found(r"^ARG BASE_IMAGE=(.*)", "Dockerfile"),
            [*_RESTRICTED, *stricter, *shlex.split(settings.get("RUN_OPTIONS", ""))],
        )

    def image(self, name: str) -> str:
        return f"{self.images}/{name}:{self.tag}"

    def ask(self, *arguments: str) -> str:
        """What the engine prints. Ends the script with the engine's own words when it fails."""
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{self.program} {arguments[0]}: {done.stdout}{done.stderr}".strip())
        return done.stdout.strip()

    def run(self, name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        """Run an image to the end of its process. Ends the script when that fails."""
        command = self._command(["--rm"], name, arguments, variables or {})
        if subprocess.run(command, env=os.environ | dict(variables or {}), check=False).returncode:
            sys.exit(f"{name} failed: {' '.join(arguments)}")

    def start(self, container: str, name: str, *arguments: str, variables: Mapping[str, str]) -> None:
        command = self._command(["--detach", f"--name={container}"], name, arguments, variables)
        environment = os.environ | dict(variables)
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit(f"{container} did not start")

    def logs(self, container: str) -> str:
        """What it wrote last, to both outputs."""
        command = [self.program, "logs", "--tail=20", container]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout

    def remove(self, container: str) -> None:
        """Whether it runs or not, or was never there."""
        subprocess.run([self.program, "rm", "--force", container], capture_output=True, check=False)

    def _command(
        self, options: list[str], name: str, arguments: tuple[str, ...], variables: Mapping[str, str]
    ) -> list[str]:
        """Names of variables only, whose values the engine finds in its own: others may read a command line."""
        names = [f"--env={variable}" for variable in variables]
        return [self.program, "run", *self.run_options, *options, *names, self.image(name), *arguments]


def _found(pattern: str, file: str) -> str:
    match = re.search(pattern, Path(file).read_text(), re.MULTILINE)
    assert match is not None, f"{file} has no {pattern}"
    return match[1]
