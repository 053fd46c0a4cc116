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
TRUSTED: Final = Gauge("agora_cache_trusted", "1 while the shared tier is used.")
TRUST_LOST: Final = Counter("agora_cache_trust_lost", "Times the shared tier fell silent and both tiers were emptied.")
