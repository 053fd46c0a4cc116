"""Metrics of the account service's own."""

from typing import Final

from prometheus_client import Counter, Gauge

SESSION_LOOKUPS: Final = Counter(
    "agora_session_cache_lookups", "Sessions looked up in the shared cache.", ("agora_cache_outcome",)
)
PASSWORD_JOBS: Final = Gauge("agora_password_jobs", "Passwords being hashed or waiting for it.")
