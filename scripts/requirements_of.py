"""Prints the part of a lock that some packages of this repository need, hashes included.

    python scripts/requirements_of.py requirements.lock services/catalog            what the catalog runs with
    python scripts/requirements_of.py --build requirements.lock protos              what builds the stubs
    python scripts/requirements_of.py --packages services/catalog                   the packages of ours, in order

Who needs what stands in the lock itself: `# via` names, under each package, those that need it.
"""
# ruff: noqa: INP001 - a script, not a package

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
OWN = "agora-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_VIA = re.compile(r"^    #(?: via)? +(\S.*)$")


@dataclass(frozen=True)
class Locked:
    """A package of the lock: its lines as they stand there, and the packages that need it."""

    text: str
    needed_by: frozenset[str]


def normalized(requirement: str) -> str:
    name = _NAME.match(requirement)
    if name is None:
        raise ValueError(f"not a requirement: {requirement!r}")
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def read_lock(text: str) -> dict[str, list[Locked]]:
    """Packages by name; a name has several entries when its version depends on the platform."""
    packages: dict[str, list[Locked]] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        lines = entry.splitlines()
        via = (found[1] for line in lines if (found := _VIA.match(line)))
        needed_by = frozenset(normalized(name) for name in via if _NAME.match(name))
        packages.setdefault(normalized(entry), []).append(Locked(entry, needed_by))
    return packages


def closure(packages: dict[str, list[Locked]], wanted: set[str]) -> set[str]:
    """`wanted` and everything they need, at any depth."""
    missing = wanted - packages.keys()
    if missing:
        raise ValueError(f"not in the lock: {', '.join(sorted(missing))}")
    found = set(wanted)
    while True:
        more = {name for name, entries in packages.items() if any(entry.needed_by & found for entry in entries)} - found
        if not more:
            return found
        found |= more


def own_packages(directory: str) -> Iterator[str]:
    """Directories of the packages of ours that one needs, before those that need them, itself last. May repeat."""
    for name in _dependencies(directory):
        if name.startswith(OWN):
            own = name.removeprefix(OWN)
            yield from own_packages(own if own == "protos" else f"services/{own}")
    yield directory


def third_party(directories: list[str], *, build: bool) -> set[str]:
    if build:
        requires = (_project(directory)["build-system"]["requires"] for directory in directories)
        return {normalized(requirement) for found in requires for requirement in found}
    dependencies = (_dependencies(own) for directory in directories for own in own_packages(directory))
    return {name for found in dependencies for name in found if not name.startswith(OWN)}


def _dependencies(directory: str) -> list[str]:
    return [normalized(requirement) for requirement in _project(directory)["project"]["dependencies"]]


def _project(directory: str) -> "dict[str, dict[str, list[str]]]":
    return tomllib.loads((ROOT / directory / "pyproject.toml").read_text())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", action="store_true", help="what builds the packages, not what they run with")
    parser.add_argument("--packages", action="store_true", help="the packages of this repository instead")
    parser.add_argument("paths", nargs="+", metavar="[LOCK] DIRECTORY")
    arguments = parser.parse_args()
    if arguments.packages:
        print(*dict.fromkeys(own for directory in arguments.paths for own in own_packages(directory)), sep="\n")
        return 0
    lock, *directories = arguments.paths
    packages = read_lock((ROOT / lock).read_text())
    names = closure(packages, third_party(directories, build=arguments.build))
    for name in sorted(names):
        print(*(entry.text for entry in packages[name]), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
