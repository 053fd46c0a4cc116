"""Passwords and tokens are made once: an upgrade finds those of the cluster and keeps them."""

import base64

import chart
import cluster
import pytest
import yaml


def secret_of(rendered: str) -> chart.Object:
    return chart.of_kind(list(yaml.safe_load_all(rendered)), "Secret")[0]


def own_secret():
    return secret_of(chart.manifest())


def test_an_upgrade_keeps_what_there_is_and_makes_what_is_new():
    kept = own_secret()
    password = base64.b64encode(b"made at the first installation").decode()
    kept["data"] = {"database-order": password}
    data = chart.of_kind(cluster.objects_of(cluster.upgrade(kept)), "Secret")[0]["data"]
    assert data.pop("database-order") == password
    assert all(len(base64.b64decode(value)) == 32 for value in data.values())


def test_a_secret_of_ones_own_leaves_the_charts_for_a_rollback():
    """Helm cannot roll back to a manifest whose Secret exists and is not in the current one."""
    theirs = own_secret() | {"metadata": {"name": "theirs"}}
    existing = ("--set=secrets.existingSecret=theirs",)
    assert chart.of_kind(cluster.objects_of(cluster.upgrade(theirs, arguments=existing)), "Secret") == []
    kept = chart.of_kind(cluster.objects_of(cluster.upgrade(theirs, own_secret(), arguments=existing)), "Secret")
    assert [found["metadata"]["name"] for found in kept] == ["agora"]


def held(objects):
    """The annotation of every workload whose pods hold what the Secret says."""
    found = {
        chart.name_of(w): chart.pod_of(w)["metadata"].get("annotations", {})
        for w in chart.of_kind(objects, "Deployment", "StatefulSet")
    }
    return {
        name: annotations["checksum/secret"] for name, annotations in found.items() if "checksum/secret" in annotations
    }


def after_upgrade(*secrets, more=()):
    return held(cluster.objects_of(cluster.upgrade(*secrets, arguments=more)))


def test_what_reads_a_password_as_it_starts_holds_it():
    """PostgreSQL reads its own at its first start only, so a restart would change nothing."""
    objects = chart.render("--set=observability.enabled=true")
    assert {name.partition("/agora-")[2] for name in held(objects)} == {
        *("account", "catalog", "gateway", "order", "review", "review-worker", "cache", "stream", "grafana")
    }


def test_a_secret_that_stays_restarts_nothing():
    assert after_upgrade(own_secret()) == held(chart.render())


@pytest.mark.parametrize("change", ["lost", "edited"])
def test_a_secret_that_changed_restarts_what_holds_it(change):
    secret = own_secret()
    secret["data"]["operator-token"] = base64.b64encode(b"edited").decode()
    before, after = held(chart.render()), after_upgrade(*([secret] if change == "edited" else []))
    assert all(before[name] != after[name] for name in before)


def test_an_existing_secret_that_changed_restarts_what_holds_it():
    existing = ("--set=secrets.existingSecret=theirs",)
    first, second = (own_secret() | {"metadata": {"name": "theirs"}} for _ in range(2))
    second["data"] = second["data"] | {"operator-token": base64.b64encode(b"edited").decode()}
    before, after = (after_upgrade(secret, more=existing) for secret in (first, second))
    assert all(before[name] != after[name] for name in before)


def test_a_changed_url_restarts_the_services_and_no_store():
    external = ("--set=cache.enabled=false,networkPolicy.enabled=false,externalCache.enabled=true",
                "--set=externalCache.existingSecret=theirs")  # fmt: skip
    before, after = (
        after_upgrade(own_secret(), {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "theirs"},
                                     "data": {"REDIS_URL": base64.b64encode(url).decode()}}, more=external)
        for url in (b"redis://first", b"redis://second")
    )  # fmt: skip
    assert {name.partition("/agora-")[2] for name in before if before[name] == after[name]} == {"stream"}


def test_generated_secrets_differ_and_outlive_the_release():
    first, second = (secret_of(chart.template().stdout) for _ in range(2))
    assert len({*first["data"].values(), *second["data"].values()}) == 2 * len(first["data"])
    assert first["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("word", ["secret", "password", "token"])
def test_the_notes_print_no_secret(word):
    assert word not in (chart.CHART / "templates" / "NOTES.txt").read_text().lower()
