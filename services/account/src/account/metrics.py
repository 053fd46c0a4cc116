"""Metrics of the account service's own."""

from typing import Final

from prometheus_client import Counter, Gauge

_SESSIONS: Final = Counter(
    "agora_sessions", "Sessions, by what happened: opened, refused, ended, expired.", ("agora_session_event",)
)
OPENED: Final = _SESSIONS.labels("opened")
REFUSED: Final = _SESSIONS.labels("refused")
ENDED: Final = _SESSIONS.labels("ended")
EXPIRED: Final = _SESSIONS.labels("expired")
PASSWORD_JOBS: Final = Gauge("agora_password_jobs", "Passwords being hashed or waiting for it.")
ATTEMPTS_REJECTED: Final = Counter(
    "agora_attempts_rejected", "Sign-ins and sign-ups rejected since the account or the address made too many."
)
