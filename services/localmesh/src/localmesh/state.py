"""The state directory of a mesh, ``.local/``: who may use it, what lies where, what others read of it."""

import contextlib
import fcntl
import json
import os
import pwd
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localmesh.errors import MeshError, StartupError

NEEDED_BYTES = 512 * 1024 * 1024


class StateDirectory:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.secrets = self.path / "secrets"
        self.postgres = self.path / "postgres"
        self.cache = self.path / "cache"
        self.stream = self.path / "stream"
        self.prometheus = self.path / "prometheus"
        # Beside the data, so that both are lost together.
        self.sample_marker = self.postgres / "sample.json"
        self._lock = self.path / "lock"
        self._mesh = self.path / "mesh.json"
        self._children = self.path / "children.json"
        self._control = self.path / "control.sock"

    @classmethod
    def from_environment(cls) -> "StateDirectory":
        return cls(Path(os.environ.get("AGORA_LOCAL_DIR") or ".local"))

    def prepare(self) -> None:
        try:
            self.path.mkdir(mode=0o711, parents=True, exist_ok=True)
            owner = self.path.stat().st_uid
            if owner != os.geteuid():
                raise StartupError(f"{self.path} belongs to {_user_name(owner)}, not to {_user_name(os.geteuid())}")
            for directory in (self.logs, self.secrets):
                directory.mkdir(mode=0o700, exist_ok=True)
        except (PermissionError, NotADirectoryError, FileExistsError) as error:
            raise StartupError(f"{self.path} cannot be used: {error.strerror}") from None

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """The directory belongs to this process until it ends, however it ends."""
        self.prepare()
        with self._lock.open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartupError(f"a mesh is already running in {self.path}: `agora mesh down` stops it") from None
            yield

    def is_claimed(self) -> bool:
        try:
            with self._lock.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def require_space(self, needed: int = NEEDED_BYTES) -> None:
        free = shutil.disk_usage(self.path).free
        if free < needed:
            raise StartupError(
                f"{self.path} is on a disk with {free >> 20} MiB free, and a mesh needs {needed >> 20} MiB"
            )

    def publish(self, mesh: dict[str, Any]) -> None:
        write_privately(self._mesh, json.dumps(mesh, indent=2))

    def published(self) -> dict[str, Any]:
        """The content of ``mesh.json``; raises MeshError when no mesh is ready."""
        try:
            mesh: dict[str, Any] = json.loads(self._mesh.read_text())
        except FileNotFoundError:
            raise MeshError(f"no mesh is ready in {self.path}: `agora mesh up` starts one") from None
        return mesh

    def remember_children(self, children: dict[str, tuple[int, float]]) -> None:
        write_privately(self._children, json.dumps(children))

    def remembered_children(self) -> dict[str, tuple[int, float]]:
        """Name, pid and start time of what the last supervisor started. Empty when it ended in order."""
        try:
            stored = json.loads(self._children.read_text())
        except FileNotFoundError:
            return {}
        return {name: (pid, started) for name, (pid, started) in stored.items()}

    def forget_mesh(self) -> None:
        for path in (self._mesh, self._children, self._control):
            path.unlink(missing_ok=True)

    def listen(self) -> socket.socket:
        """Below the directory, by a relative path: the path of a Unix socket may have 108 bytes at most."""
        self._control.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        with contextlib.chdir(self.path):
            listener.bind(self._control.name)
        self._control.chmod(0o600)
        return listener

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        try:
            with contextlib.chdir(self.path):
                connection.connect(self._control.name)
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            raise MeshError(f"no mesh is running in {self.path}: `agora mesh up` starts one") from None
        return connection


def write_privately(path: Path, text: str) -> None:
    """Readers see the old text or the new, never a part; nobody else can read it."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.replace(path)


def _user_name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
