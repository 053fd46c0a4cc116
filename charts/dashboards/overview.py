"""Overview: is the shop well? Rate, errors and duration of each tier, how full it is, and what is left of the SLO."""

from typing import Final

from charts.dashboards.panels import Board, Panel, or_zero, quantiles, rate

_HTTP: Final = "http_server_request_duration_seconds"
_RPC: Final = "rpc_server_call_duration_seconds"
_FAULTS: Final = 'rpc_response_status_code=~"UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS"'

BOARD: Final = Board(
    "agora-overview",
    "Agora / Overview",
    "Rate, errors and duration of each tier, its saturation, and the objectives.",
    {
        "Objectives": (
            Panel(
                "Availability, last hour",
                "percentunit",
                {"available": "1 - agora:http_error_ratio:1h"},
                "Share of requests not answered with 5xx. The objective is 99.9 %.",
                is_stat=True,
            ),
            Panel(
                "Faster than 250 ms, last hour",
                "percentunit",
                {"fast": "1 - agora:http_slow_ratio:1h"},
                "Share of requests answered within 250 ms. The objective is 99 %.",
                is_stat=True,
            ),
            Panel(
                "Error budget burnt, times what is sustainable",
                "short",
                {"availability": "agora:availability_burn:5m", "latency": "agora:latency_burn:5m"},
                "1 uses up the budget exactly at the end of its 30 days.",
            ),
        ),
        "Gateway": (
            Panel("Requests", "reqps", {"{{http_route}}": rate(f"{_HTTP}_count", "http_route")}),
            Panel(
                "Errors",
                "reqps",
                {
                    "5xx": or_zero(rate(f"{_HTTP}_count", where='http_response_status_code=~"5.."')),
                    "4xx": or_zero(rate(f"{_HTTP}_count", where='http_response_status_code=~"4.."')),
                },
            ),
            Panel("Duration", "s", quantiles(_HTTP)),
        ),
        "Services": (
            Panel("RPCs", "reqps", {"{{job}}": rate(f"{_RPC}_count", "job")}),
            Panel("Failed RPCs", "reqps", {"failed": or_zero(rate(f"{_RPC}_count", where=_FAULTS))}),
            Panel("Duration of RPCs", "s", quantiles(_RPC, "job")),
            Panel("RPCs under way", "short", {"{{job}}": "sum by (job) (rpc_server_active_calls)"}),
            Panel("Duration as callers see it", "s", quantiles("rpc_client_call_duration_seconds", "job")),
            Panel("Size of batches, mean", "short", {
                "{{batch}}": f"{rate('agora_batch_size_sum', 'batch')} / {rate('agora_batch_size_count', 'batch')}",
            }),
        ),
        "Saturation": (
            Panel("CPU, cores", "short", {"{{job}}": rate("process_cpu_seconds_total", "job")}),
            Panel("Memory", "bytes", {"{{job}}": "sum by (job) (process_resident_memory_bytes)"}),
            Panel("Lag of the event loop", "s", quantiles("agora_event_loop_lag_seconds", "job")),
        ),
        "Replicas": (
            Panel("Replicas that answer", "short", {"{{job}}": "sum by (job) (up)"}),
            Panel("Dependencies that answer", "short", {
                "{{job}} {{dependency}}": "min by (job, dependency) (agora_dependency_up)",
            }),
            Panel("Versions", "short", {"{{job}} {{version}}": "count by (job, version) (agora_build_info)"}),
        ),
    },
)  # fmt: skip
