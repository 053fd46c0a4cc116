"""Every argument and nested block exists in the google provider, no required one is missing, and a slip is found."""

import re

import pytest

from checks.configuration import MODULE, blocks, of_kind
from checks.conformance import problems
from checks.schema import ResourceSchema, provider_version, schema_of

GOOGLE_BLOCKS = [*of_kind("resource"), *of_kind("data")]


def test_the_schema_is_that_of_the_series_the_configuration_asks_for():
    (requirement,) = of_kind("terraform")
    wanted = re.search(r"~> (\d+)\.(\d+)", str(requirement.body))
    major, minor = map(int, provider_version().split(".")[:2])
    assert wanted and (int(wanted[1]), int(wanted[2])) == (major, minor)


def test_every_resource_is_of_the_google_provider():
    assert {block.labels[0].partition("_")[0] for block in GOOGLE_BLOCKS} == {"google"}


@pytest.mark.parametrize("block", GOOGLE_BLOCKS, ids=lambda block: block.address)
def test_a_resource_says_only_and_all_that_the_provider_asks_for(block):
    assert problems(block) == []


def injected(file: str, old: str, new: str) -> list[str]:
    """The problems of one file after a slip of the pen in it."""
    text = (MODULE / file).read_text()
    assert old in text
    return [problem for block in blocks(text.replace(old, new, 1)) if block.kind == "resource" for problem in problems(block)]


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("redis.tf", "memory_size_gb", "memory_size_gib", "google_redis_instance.cache: memory_size_gib is no argument"),
        ("redis.tf", "memory_size_gb", "memory_size_gib", "google_redis_instance.cache: memory_size_gb is missing"),
        ("redis.tf", "start_time {", "start_tim {", "weekly_maintenance_window: start_tim is no block"),
        ("redis.tf", "start_time {", "start_tim {", "weekly_maintenance_window: start_time is missing"),
        ("redis.tf", "hours = 3", "hour = 3", "weekly_maintenance_window.start_time: hour is no argument"),
        ("gke.tf", "metadata = {", "metadata {", "node_config: metadata is an argument, not a block"),
        ("gke.tf", "release_channel {", "release_channel = {", "release_channel is a block, not an argument"),
        ("gke.tf", "workload_pool ", "workload_pools ", "workload_identity_config: workload_pools is no argument"),
        ("gke.tf", 'dynamic "cluster_autoscaling"', 'dynamic "cluster_autoscale"', "cluster_autoscale is no block"),
        ("cloudsql.tf", "retained_backups ", "retained_backup ", "retained_backups is missing"),
        ("cloudsql.tf", "    tier  ", "    size  ", "google_sql_database_instance.agora.settings: tier is missing"),
        ("registry.tf", "google_artifact_registry_repository", "google_artifact_repository", "the provider has no resource"),
    ],
)
def test_a_slip_is_found(file, old, new, found):
    assert any(found in problem for problem in injected(file, old, new)), injected(file, old, new)
