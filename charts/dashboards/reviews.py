"""Reviews stream: votes come in, wait, and are counted; the difference must not grow."""

from typing import Final

from charts.dashboards.panels import Board, Panel, quantiles, rate

BOARD: Final = Board(
    "agora-reviews",
    "Agora / Reviews stream",
    "Votes from their acceptance to their count.",
    {
        "Flow": (
            Panel("Accepted and counted", "ops", {
                "accepted": rate("agora_votes_accepted_total"),
                "counted": rate("agora_votes_counted_total"),
            }),
            Panel("Age of the oldest vote not counted", "s", {"age": "max(agora_votes_oldest_age_seconds)"}),
            Panel("Backlog", "short", {
                "waiting": "max(agora_votes_backlog)",
                "of these, with a worker": "max(agora_votes_pending)",
            }),
        ),
        "Unusual": (
            Panel("Delivered again", "ops", {
                "delivered again": rate("agora_votes_redelivered_total"),
                "counted before": rate("agora_votes_repeated_total"),
            }),
            Panel("No votes, parked for somebody to look", "short", {"parked": "max(agora_votes_parked)"}),
            Panel("Appended since the stream began", "short", {"appended": "max(agora_votes_appended)"}),
        ),
        "Worker": (
            Panel("Commands to the stream and the cache", "s", quantiles(
                "db_client_operation_duration_seconds", "db_query_summary",
                'job="review-worker", db_system_name="redis"',
            )),
            Panel("Queries", "s", quantiles(
                "db_client_operation_duration_seconds", "db_query_summary",
                'job="review-worker", db_system_name="postgresql"',
            )),
            Panel("Votes of one append", "short", quantiles("agora_batch_size", where='batch="votes"')),
        ),
    },
)  # fmt: skip
