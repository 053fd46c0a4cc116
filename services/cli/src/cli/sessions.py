"""Who is logged in at which shop: session tokens, one for each URL, in a file only their owner can read."""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cli.errors import SessionsUnusable, WrongUsage, contract_expected

SENDABLE_TOKEN: Final = re.compile(r"[!-~]+")


@dataclass(frozen=True)
class Session:
    """A token and what is known of its owner; of a token from the environment nothing is."""

    token: str
    username: str | None = None
    role: str | None = None

    @classmethod
    def begun(cls, username: str, answer: Mapping[str, Any]) -> "Session":
        with contract_expected():
            token, role = answer["token"], answer["role"]
            if not SENDABLE_TOKEN.fullmatch(token):
                raise ValueError("the token has characters no header can carry")
        return cls(token=token, username=username, role=role)


class SessionFile:
    def __init__(self, path: Path) -> None:
        self._path = path

    def session(self, url: str) -> Session | None:
        entry = self._entries().get(url)
        try:
            return Session(**entry) if entry else None
        except TypeError:
            return None

    def keep(self, url: str, session: Session) -> None:
        with self._changing() as entries:
            entries[url] = asdict(session)

    def forget(self, url: str) -> None:
        with self._changing() as entries:
            entries.pop(url, None)

    def _entries(self) -> dict[str, Any]:
        try:
            entries = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as cause:
            raise SessionsUnusable(f"cannot read {self._path}: {cause.strerror}") from cause
        except ValueError:
            # Nothing in there is worth more than logging in again.
            return {}
        return entries if isinstance(entries, dict) else {}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """One writer at a time, so that of two logins at different shops neither is lost."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                entries = self._entries()
                yield entries
                self._replace(entries)
        except OSError as cause:
            raise SessionsUnusable(f"cannot write {self._path}: {cause.strerror}") from cause

    def _replace(self, entries: Mapping[str, Any]) -> None:
        # mkstemp makes the file readable by its owner only, before anything secret is in it.
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "w") as file:
                json.dump(entries, file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def session_file(environment: Mapping[str, str]) -> SessionFile:
    state = Path(environment.get("XDG_STATE_HOME", ""))
    # A relative path is to be ignored, says the XDG base directory specification.
    home = state if state.is_absolute() else Path.home() / ".local" / "state"
    return SessionFile(home / "agora" / "sessions.json")


def session_from(environment: Mapping[str, str]) -> Session | None:
    token = environment.get("AGORA_TOKEN", "").strip()
    if token and not SENDABLE_TOKEN.fullmatch(token):
        raise WrongUsage("AGORA_TOKEN has characters no header can carry")
    return Session(token) if token else None
