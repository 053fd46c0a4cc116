"""The heap of the process: glibc keeps what was freed in the middle of it until it is asked to give it back."""

import ctypes

# Missing on C libraries other than glibc, which give memory back by themselves or never.
_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def trim() -> None:
    """Give free pages back to the operating system. It takes some milliseconds for each 100 MiB."""
    if _malloc_trim is not None:
        _malloc_trim(0)
