"""The limit on open files, which connections of clients share with channels, pools and logs."""

import resource
from typing import Final

# For what a process opens itself, and for connections that were accepted and not looked at yet.
RESERVED_FILES: Final = 256 + 2048


def connections_within_open_files(wanted: int) -> int:
    """Raise the soft limit as far as needed and allowed; return how many connections of clients it has room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVED_FILES
    if _is_below(soft, needed):
        soft = min(needed, hard) if hard != resource.RLIM_INFINITY else needed
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if not _is_below(soft, needed):
        return wanted
    return min(wanted, max(soft // 2, soft - RESERVED_FILES))


def _is_below(limit: int, needed: int) -> bool:
    return limit != resource.RLIM_INFINITY and limit < needed
