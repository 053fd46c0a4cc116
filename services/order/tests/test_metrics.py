"""Currencies are chosen by sellers, and must not each become a series."""

from datetime import UTC, datetime
from uuid import uuid4

from prometheus_client import REGISTRY

from order import metrics
from order.domain import Order, OrderLine


def test_of_many_currencies_only_some_become_series(monkeypatch):
    monkeypatch.setattr(metrics, "_currencies", set())
    for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        line = OrderLine("1", 2, 500, "seller", "Red lamp")
        metrics.note_recorded(Order(uuid4(), "buyer", b"", (line,), f"XX{letter}", datetime.now(UTC)))
    [family] = [family for family in REGISTRY.collect() if family.name == "agora_order_revenue_cents"]
    currencies = {sample.labels["currency"] for sample in family.samples if sample.name.endswith("_total")}
    assert len([currency for currency in currencies if currency.startswith("XX")]) == 20
    assert REGISTRY.get_sample_value("agora_order_revenue_cents_total", {"currency": "other"}) >= 6_000
