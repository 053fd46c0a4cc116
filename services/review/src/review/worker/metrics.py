"""The worker's own metrics. What it tells of the stream as a whole, every worker tells alike."""

from typing import Final

from prometheus_client import Counter, Gauge

COUNTED: Final = Counter("agora_votes_counted", "Votes that were added to the counts.")
REPEATED: Final = Counter("agora_votes_repeated", "Votes that had been counted before, and were not counted again.")
REDELIVERED: Final = Counter("agora_votes_redelivered", "Entries that had been delivered before, to this or another.")

APPENDED: Final = Gauge("agora_votes_appended", "Entries that were ever appended to the stream.")
BACKLOG: Final = Gauge("agora_votes_backlog", "Entries of the stream that are not folded yet.")
PENDING: Final = Gauge("agora_votes_pending", "Those of them that were delivered to a worker.")
OLDEST_AGE: Final = Gauge("agora_votes_oldest_age_seconds", "How long ago the oldest of them was appended.")
PARKED: Final = Gauge("agora_votes_parked", "Entries that are no votes and wait in parked_votes for somebody to look.")
