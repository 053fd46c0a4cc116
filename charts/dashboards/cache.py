"""Cache: how much it spares the services, and whether it can be used."""

from typing import Final

from charts.dashboards.panels import Board, Panel, quantiles, rate

_LOOKUPS: Final = "agora_cache_lookups_total"
_HITS: Final = rate(_LOOKUPS, "kind", 'outcome=~"local|shared"')

BOARD: Final = Board(
    "agora-cache",
    "Agora / Cache",
    "Look-ups by the tier that answered, what is held, and what was thrown away.",
    {
        "Look-ups": (
            Panel("Hit ratio", "percentunit", {
                "{{kind}}": f"{_HITS} / {rate(_LOOKUPS, 'kind')}",
            }),
            Panel("Look-ups, by the tier that answered", "ops", {"{{outcome}}": rate(_LOOKUPS, "outcome")}),
            Panel("Look-ups, by kind", "ops", {"{{kind}}": rate(_LOOKUPS, "kind")}),
        ),
        "Local tier": (
            Panel("Entries", "short", {"{{instance}}": "agora_cache_local_entries"}),
            Panel("Bytes", "bytes", {"{{instance}}": "agora_cache_local_bytes"}),
            Panel("Evictions", "ops", {"evicted": rate("agora_cache_evictions_total")}),
        ),
        "Cache leases": (
            Panel("Lease valid", "short", {"{{instance}} {{service}}": "agora_cache_lease_valid"},
                  "0 while caching is suspended, or the service cannot be asked; reads then go to the service."),
            Panel("Suspended by a writer", "short", {"{{service}}": "max by (service) (agora_cache_suspended)"}),
            Panel("Generation of the copies", "short", {"{{service}}": "max by (service) (agora_cache_generation)"}),
            Panel("Writes that suspended caching", "ops", {
                "{{job}}": rate("agora_cache_invalidations_unconfirmed_total", "job"),
            }),
            Panel("Leases that could not be renewed", "ops", {
                "{{service}}": rate("agora_cache_lease_renewals_failed_total", "service"),
            }),
        ),
        "Shared tier": (
            Panel("Redis answers the gateway", "short", {"{{instance}}": "agora_cache_trusted"},
                  "0 while Redis is silent, or the cache is off; reads then go to the services."),
            Panel("Answers not stored: they may have been old", "ops", {
                "{{tier}}": rate("agora_cache_stale_rejected_total", "tier"),
            }),
            Panel("Trust lost", "short", {"lost": "sum(increase(agora_cache_trust_lost_total[$__rate_interval]))"}),
        ),
        "Redis": (
            Panel("Commands", "ops", {
                "{{job}} {{db_query_summary}}": rate(
                    "db_client_operation_duration_seconds_count", "job, db_query_summary", 'db_system_name="redis"'
                ),
            }),
            Panel("Duration of a command", "s", quantiles(
                "db_client_operation_duration_seconds", "job", 'db_system_name="redis"'
            )),
            Panel("Redis answers", "short", {"{{job}}": 'min by (job) (agora_dependency_up{dependency="redis"})'}),
        ),
    },
)  # fmt: skip
