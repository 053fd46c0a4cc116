"""Base images made of Debian's own packages: one to run from, and one that can also make virtual environments."""
# ruff: noqa: S603 - runs what the settings name

import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.container_journey.engine import is_here, program_of

_PACKAGES = {"BASE_IMAGE": "ca-certificates,python3", "BUILD_IMAGE": "ca-certificates,python3,python3-venv"}
_NEEDLESS = ("usr/share/doc", "usr/share/locale", "usr/share/man", "var/cache/apt", "var/lib/apt/lists")


def base_images(debian: str, settings: Mapping[str, str]) -> dict[str, str]:
    """Settings of scripts/images: the names of both images, which are made when the engine has none of that name."""
    program = program_of(settings)
    images = {setting: f"localhost/agora-{setting.replace('_', '-').lower()}:{debian}" for setting in _PACKAGES}
    for setting, image in images.items():
        if not is_here(program, image):
            print(f"» {image}")
            _make(program, debian, _PACKAGES[setting], image)
    return images


def _make(program: str, debian: str, packages: str, image: str) -> None:
    with TemporaryDirectory(prefix="agora-base-") as directory:
        root = Path(directory) / "root"
        command = ["debootstrap", "--variant=minbase", f"--include={packages}", debian, str(root)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        without = [f"--exclude=./{path}/*" for path in _NEEDLESS]
        packing = ["tar", "--directory", str(root), "--one-file-system", *without, "--create", "."]
        with subprocess.Popen(packing, stdout=subprocess.PIPE) as archive:
            subprocess.run([program, "import", "-", image], stdin=archive.stdout, stdout=subprocess.DEVNULL, check=True)
