"""Digests of requests, which tell two requests with the same id apart."""

import hashlib
import json

from chassis.errors import IdempotencyKeyReused


def digest_of(*values: object) -> bytes:
    """Return the SHA-256 of values that JSON can express."""
    return hashlib.sha256(json.dumps(values).encode()).digest()


def check_digest(recorded: bytes | None, digest: bytes) -> None:
    """Raise IdempotencyKeyReused unless the digests agree; None is that of a row from before digests were stored."""
    if recorded is not None and recorded != digest:
        raise IdempotencyKeyReused
