"""Shop: what is sold and what is refused, and whether anything about it is stuck."""

from typing import Final

from charts.dashboards.panels import Board, Panel, quantiles, rate

_PLACEMENTS: Final = "agora_order_placements_total"

BOARD: Final = Board(
    "agora-shop",
    "Agora / Shop",
    "Orders, refusals, replays, revenue, stock, sessions.",
    {
        "Orders": (
            Panel("Orders, by what became of them", "ops", {
                "{{agora_order_outcome}}": rate(_PLACEMENTS, "agora_order_outcome"),
            }),
            Panel("Refused", "ops", {
                "{{agora_order_outcome}}": rate(
                    _PLACEMENTS, "agora_order_outcome", 'agora_order_outcome!~"confirmed|replayed"'
                ),
            }),
            Panel("Replayed", "ops", {"replayed": rate(_PLACEMENTS, where='agora_order_outcome="replayed"')},
                  "Requests that came again with the Idempotency-Key of an order that stands."),
            Panel("Revenue a minute", "short", {
                "{{currency}}": f"{rate('agora_order_revenue_cents_total', 'currency')} * 60 / 100",
            }),
            Panel("Units sold", "ops", {"units": rate("agora_order_units_total")}),
            Panel("Duration of a checkout", "s", quantiles(
                "rpc_server_call_duration_seconds", where='rpc_method="agora.order.v1.OrderService/PlaceOrder"'
            )),
        ),
        "Stock": (
            Panel("Reservations, by what became of them", "ops", {
                "{{agora_stock_outcome}}": rate("agora_stock_reservations_total", "agora_stock_outcome"),
            }),
            Panel("Conflicts", "ops", {"decided again": rate("agora_stock_conflicts_total")},
                  "Batches decided again because another replica recorded one of their orders first."),
            Panel("Hot items: orders of a batch for its most wanted item", "short", quantiles("agora_stock_rivals")),
        ),
        "Undecided": (
            Panel("Age of the oldest unsettled order", "s", {"age": "max(agora_order_unsettled_age_seconds)"}),
            Panel("Unsettled orders", "short", {"unsettled": "max(agora_order_unsettled)"}),
            Panel("Finished for a replica that died", "ops", {"recovered": rate("agora_order_recoveries_total")}),
        ),
        "Sessions": (
            Panel("Sessions", "ops", {"{{agora_session_event}}": rate("agora_sessions_total", "agora_session_event")}),
            Panel("Passwords being hashed", "short", {"jobs": "sum(agora_password_jobs)"}),
        ),
    },
)  # fmt: skip
