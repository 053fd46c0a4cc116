"""Load test: what Locust's users see, beside what the mesh says of the same requests."""

from typing import Final

from charts.dashboards.panels import Board, Panel, quantiles, rate

_HTTP: Final = "http_server_request_duration_seconds"
_CPU: Final = rate("process_cpu_seconds_total", where='job!="locust"')

BOARD: Final = Board(
    "agora-load-test",
    "Agora / Load test",
    "Locust's view beside the mesh's.",
    {
        "Load": (
            Panel("Users", "short", {"users": "sum(locust_users)"}),
            Panel("Requests, as sent and as served", "reqps", {
                "Locust": rate("locust_requests_total"),
                "gateway": rate(f"{_HTTP}_count"),
            }),
            Panel("Failures, as seen by Locust", "reqps", {"failures": rate("locust_failures_total")}),
        ),
        "Duration": (
            Panel("As users see it", "s", quantiles("locust_request_duration_seconds")),
            Panel("As the gateway sees it", "s", quantiles(_HTTP)),
            Panel("Event loop of the gateway", "s", quantiles("agora_event_loop_lag_seconds", where='job="gateway"')),
        ),
        "Requests by name": (
            Panel("Rate", "reqps", {"{{name}}": rate("locust_requests_total", "name")}),
            Panel("p99", "s", {"{{name}}": quantiles("locust_request_duration_seconds", "name")["p99 {{name}}"]}),
            Panel("CPU of the mesh per request", "s", {
                "seconds": f"{_CPU} / {rate(_HTTP + '_count')}",
            }),
        ),
    },
)  # fmt: skip
