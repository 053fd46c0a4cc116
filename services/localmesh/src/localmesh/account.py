"""Whom PostgreSQL runs as. It refuses to be root, and must still reach its binaries and its data below /root."""

import os
import pwd
import stat
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from localmesh.binaries import postgres_folders
from localmesh.launch import Account, namespace_is_allowed


@cache
def database_account() -> Account:
    """A user namespace changes nothing on this machine, so root uses the account ``nobody`` only where it must."""
    if os.geteuid() != 0:
        return Account.CURRENT
    return Account.NAMESPACE if namespace_is_allowed() else Account.NOBODY


def hand_over(directory: Path) -> None:
    """Makes ``directory`` usable by PostgreSQL's account, also when the account was another one last time."""
    account = database_account()
    if account is Account.CURRENT:
        return
    owner = pwd.getpwnam("nobody") if account is Account.NOBODY else pwd.getpwuid(0)
    if directory.stat().st_uid != owner.pw_uid:
        for path in (directory, *directory.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    if account is Account.NOBODY:
        _open_the_way(directory)


def _open_the_way(directory: Path) -> None:
    for folder in postgres_folders():
        for path in (folder, *folder.rglob("*")):
            _add_permission(path, 0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044)
    closed = sorted(
        {*_closed_parents(directory), *(path for folder in postgres_folders() for path in _closed_parents(folder))}
    )
    for path in closed:
        _add_permission(path, stat.S_IXOTH)
        print(
            f"agora mesh: chmod o+x {path}, so that PostgreSQL, which refuses to run as root, can pass", file=sys.stderr
        )


def _closed_parents(path: Path) -> Iterator[Path]:
    return (parent for parent in path.resolve().parents if not parent.stat().st_mode & stat.S_IXOTH)


def _add_permission(path: Path, permission: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode | permission != mode:
        path.chmod(mode | permission)
