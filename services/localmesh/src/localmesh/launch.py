"""Starts a program that ends together with its parent, under a given account.

This file is also the script that runs in the child before the program replaces it: Python code between fork and exec
(``preexec_fn``) is unsafe in a parent with threads. As a script it sees the standard library only.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1


class Account(StrEnum):
    """Whom a program runs as."""

    CURRENT = "current"
    NAMESPACE = "namespace"  # the current user, shown to the program as nobody: PostgreSQL refuses uid 0
    NOBODY = "nobody"


def launch(
    program: Sequence[str],
    *,
    output: int,
    account: Account = Account.CURRENT,
    end_signal: signal.Signals = signal.SIGTERM,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts ``program`` in a session of its own, so that Ctrl-C reaches only the parent.

    On Linux the program gets ``end_signal`` when the calling thread ends, however it ends.
    """
    return subprocess.Popen(  # noqa: S603 - only the mesh's own programs
        ending_with_parent(program, account=account, end_signal=end_signal),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=directory,
        start_new_session=True,
    )


def ending_with_parent(
    program: Sequence[str], *, account: Account = Account.CURRENT, end_signal: signal.Signals = signal.SIGTERM
) -> list[str]:
    """The command line that starts ``program``, for a parent that is this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(int(end_signal)), account, *program]


def namespace_is_allowed() -> bool:
    """Containers often forbid user namespaces, so ask the kernel once."""
    probe = ending_with_parent(["/bin/sh", "-c", "exit 0"], account=Account.NAMESPACE)
    done = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    return done.returncode == 0


def _replace_this_process(parent: int, end_signal: int, account: Account, program: list[str]) -> None:
    if account is Account.NAMESPACE:
        _enter_namespace()
    elif account is Account.NOBODY:
        _become_nobody()
    if sys.platform == "linux":
        # After the change of account, which clears it; then look whether the parent ended before it was set.
        _call("prctl", PR_SET_PDEATHSIG, end_signal)
        if os.getppid() != parent:
            sys.exit("the parent ended first")
    os.execv(program[0], program)  # noqa: S606


def _enter_namespace() -> None:
    nobody = pwd.getpwnam("nobody")
    user, group = os.geteuid(), os.getegid()
    _call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{nobody.pw_uid} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{nobody.pw_gid} {group} 1")


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def _call(function: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    _replace_this_process(int(sys.argv[1]), int(sys.argv[2]), Account(sys.argv[3]), sys.argv[4:])
