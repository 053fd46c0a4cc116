"""What the caches did."""

from typing import Final

from prometheus_client import Counter, Gauge

LOOKUPS: Final = Counter("agora_cache_lookups", "Look-ups by kind and by the tier that answered.", ("kind", "outcome"))
EVICTIONS: Final = Counter("agora_cache_evictions", "Local values given up for room.")
_REJECTED: Final = Counter("agora_cache_stale_rejected", "Answers not stored: they may have been old.", ("tier",))
REJECTED_LOCAL: Final = _REJECTED.labels("local")
REJECTED_SHARED: Final = _REJECTED.labels("shared")
LOCAL_ENTRIES: Final = Gauge("agora_cache_local_entries", "Values in the local tier.")
LOCAL_BYTES: Final = Gauge("agora_cache_local_bytes", "Their size, about.")
TRUSTED: Final = Gauge("agora_cache_trusted", "1 while Redis answers.")
TRUST_LOST: Final = Counter("agora_cache_trust_lost", "Times Redis fell silent, and the local tier was emptied.")
LEASE_VALID: Final = Gauge(
    "agora_cache_lease_valid", "1 while cached copies of the rows of a service may be read.", ("service",)
)
SUSPENDED: Final = Gauge(
    "agora_cache_suspended",
    "1 while a writer of the service cannot invalidate and has suspended caching.",
    ("service",),
)
GENERATION: Final = Gauge("agora_cache_generation", "Generation of the copies that may be read.", ("service",))
RENEWALS_FAILED: Final = Counter(
    "agora_cache_lease_renewals_failed", "Requests for a lease that were not answered in time.", ("service",)
)
