"""The gateway's own metrics."""

from typing import Final

from prometheus_client import Counter

from chassis.instruments import Histogram
from chassis.metrics import DURATION_BUCKETS

REQUEST_DURATION: Final = Histogram(
    "http_server_request_duration_seconds",
    "Time to answer an HTTP request, by method, route template (empty: no route) and status.",
    ("http_request_method", "http_route", "http_response_status_code"),
    buckets=DURATION_BUCKETS,
)
VOTES_ACCEPTED: Final = Counter("agora_votes_accepted", "Votes on albums that were answered with 201.")
