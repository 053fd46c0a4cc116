"""References lead somewhere, and nothing is declared that nobody uses."""

import pytest
from checks.configuration import MODULE, blocks, configuration
from checks.references import broken, unused


def test_every_reference_leads_to_a_declaration():
    assert broken(configuration()) == []


def test_every_variable_and_local_is_used():
    assert unused(configuration()) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("var.redis_memory_gb", "var.redis_memory", "var.redis_memory is not declared"),
        ("local.prefix", "local.prefixes", "local.prefixes is not declared"),
        ("google_compute_network.agora", "google_compute_network.shop", "google_compute_network.shop is not declared"),
        ("agora.id", "agora.idd", "google_compute_network.agora has no attribute idd"),
    ],
)
def test_a_broken_reference_is_found(old, new, found):
    text = (MODULE / "redis.tf").read_text().replace(old, new, 1)
    assert any(problem.endswith(found) for problem in broken(blocks(text)))
