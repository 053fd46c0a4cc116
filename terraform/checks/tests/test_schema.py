"""Every argument and nested block exists in the google provider, no required one is missing, and a slip is found."""

import re

import pytest
from checks.configuration import MODULE, blocks, of_kind
from checks.conformance import problems
from checks.schema import provider_version

GOOGLE_BLOCKS = [*of_kind("resource"), *of_kind("data")]


def test_the_schema_is_that_of_the_series_the_configuration_asks_for():
    (requirement,) = of_kind("terraform")
    wanted = re.search(r"~> (\d+)\.(\d+)", str(requirement.body))
    major, minor = map(int, provider_version().split(".")[:2])
    assert wanted
    assert (int(wanted[1]), int(wanted[2])) == (major, minor)


def test_every_resource_is_of_the_google_provider():
    assert {block.labels[0].partition("_")[0] for block in GOOGLE_BLOCKS} == {"google"}


@pytest.mark.parametrize("block", GOOGLE_BLOCKS, ids=lambda block: block.address)
def test_a_resource_says_only_and_all_that_the_provider_asks_for(block):
    assert problems(block) == []


def problems_after_a_slip(file, old, new):
    text = (MODULE / file).read_text()
    assert old in text
    resources = of_kind("resource", blocks(text.replace(old, new, 1)))
    return [problem for block in resources for problem in problems(block)]


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("redis.tf", "memory_size_gb", "memory_size_gib", "redis_instance.cache: memory_size_gib is no argument"),
        ("redis.tf", "memory_size_gb", "memory_size_gib", "redis_instance.cache: memory_size_gb is missing"),
        ("redis.tf", "start_time {", "start_tim {", "weekly_maintenance_window: start_tim is no block"),
        ("redis.tf", "start_time {", "start_tim {", "weekly_maintenance_window: start_time is missing"),
        ("redis.tf", "hours = 3", "hour = 3", "weekly_maintenance_window.start_time: hour is no argument"),
        ("gke.tf", "metadata = {", "metadata {", "node_config: metadata is an argument, not a block"),
        ("gke.tf", "release_channel {", "release_channel = {", "release_channel is a block, not an argument"),
        ("gke.tf", "workload_pool ", "workload_pools ", "workload_identity_config: workload_pools is no argument"),
        ("gke.tf", 'dynamic "cluster_autoscaling"', 'dynamic "cluster_autoscale"', "cluster_autoscale is no block"),
        ("cloudsql.tf", "retained_backups ", "retained_backup ", "retained_backups is missing"),
        ("cloudsql.tf", "    tier  ", "    size  ", "google_sql_database_instance.agora.settings: tier is missing"),
        ("registry.tf", "google_artifact_registry_repository", "google_repository", "the provider has no resource"),
    ],
)
def test_a_slip_is_found(file, old, new, found):
    assert any(found in problem for problem in problems_after_a_slip(file, old, new))
