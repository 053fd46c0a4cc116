"""Upgrades of a release that already runs: what they keep, replace and try first."""

import chart
import cluster
import pytest

OLD_HASH = "0" * 64


def live(kind, component, *, version="apps/v1", **spec):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": f"agora-{component}"}, "spec": spec}


def live_deployment(replicas, *managers):
    """The order service as it runs, with who set what: (operation, whether it is the number of replicas)."""
    found = live("Deployment", "order", replicas=replicas)
    found["metadata"]["managedFields"] = [
        {"manager": "helm", "operation": operation, "fieldsV1": {"f:spec": {"f:replicas": {}} if owns else {}}}
        for operation, owns in managers
    ]
    return found


def live_store(component, image, **spec):
    pod = {"spec": {"serviceAccountName": f"agora-{component}", "containers": [{"image": image}]}}
    size = {"postgresql": "4Gi", "stream": "2Gi"}.get(component, "")
    claim = {"spec": {"resources": {"requests": {"storage": size}}}}
    kind = "Deployment" if component == "cache" else "StatefulSet"
    return live(kind, component, template=pod, volumeClaimTemplates=[claim], **spec)


def find(objects, name):
    return next(found for found in objects if chart.name_of(found) == name)


def replicas_after_upgrade(deployment):
    found = find(cluster.objects_of(cluster.upgrade(deployment)), "Deployment/agora-order")
    return found["spec"].get("replicas")


@pytest.mark.parametrize("managers", [[("Apply", True)], [("Update", True)], [("Update", False)]])
def test_autoscaling_switched_on_loses_no_replica(managers):
    """Left out, a number that helm has set would become the default of 1."""
    assert replicas_after_upgrade(live_deployment(3, *managers)) == 3


def test_autoscaling_starts_from_its_least_number():
    assert replicas_after_upgrade(live_deployment(1, ("Apply", True))) == 2


def test_an_autoscalers_number_is_left_to_it():
    """Set, it would be a conflict with the autoscaler as soon as that has changed it, in a rollback too."""
    assert replicas_after_upgrade(live_deployment(3, ("Apply", False), ("Update", True))) is None


def test_a_new_autoscaled_deployment_has_no_number():
    assert "replicas" not in find(cluster.objects_of(cluster.install()), "Deployment/agora-order")["spec"]


@pytest.mark.parametrize("store", ["postgresql", "stream"])
def test_a_store_replaces_a_pod_that_cannot_start(store):
    """With OrderedReady a rollback leaves such a Pod in place."""
    assert find(chart.render(), f"StatefulSet/agora-{store}")["spec"]["podManagementPolicy"] == "Parallel"


def test_a_store_keeps_a_policy_that_cannot_change():
    old = live_store("stream", "redis:8.2", podManagementPolicy="OrderedReady")
    finished = cluster.upgrade(old)
    objects = cluster.objects_of(finished)
    assert find(objects, "StatefulSet/agora-stream")["spec"]["podManagementPolicy"] == "OrderedReady"
    assert find(objects, "StatefulSet/agora-postgresql")["spec"]["podManagementPolicy"] == "Parallel"
    notes = cluster.notes_of(finished)
    assert "kubectl --namespace shop delete statefulset agora-stream --cascade=orphan" in notes
    assert "statefulset agora-postgresql" not in notes


STORES = [live_store("postgresql", "postgres:18"), live_store("stream", "redis:8.2"), live_store("cache", "redis:8.2")]


@pytest.mark.parametrize("store", ["cache", "postgresql", "stream"])
def test_another_image_of_a_store_is_started_first(store):
    hooks = cluster.hooks_of(cluster.upgrade(*STORES, arguments=(f"--set={store}.image.tag=18.8.2",)))
    job = find(hooks, f"Job/agora-{store}-image")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-upgrade"
    assert job["spec"]["activeDeadlineSeconds"] < 300, "helm itself gives up after 5 minutes, without a reason"
    pod = chart.pod_of(job)
    assert pod["spec"]["containers"][0]["image"].endswith(":18.8.2")
    # The account is one that exists before the upgrade, and no Service takes the Pod for the store.
    assert pod["spec"]["serviceAccountName"] == f"agora-{store}"
    assert pod["metadata"]["labels"][chart.COMPONENT] == f"{store}-image"
    assert len(hooks) == 2, "the other stores stay"


def test_the_image_of_a_store_that_stays_is_not_tried():
    assert [chart.name_of(hook) for hook in cluster.hooks_of(cluster.upgrade(*STORES))] == ["Pod/agora-test"]


def jobs(finished):
    return {found["metadata"]["name"] for found in chart.of_kind(cluster.objects_of(finished), "Job")}


def test_migrations_do_not_run_again_when_nothing_changed():
    assert jobs(cluster.install()) == jobs(cluster.upgrade())


def test_migrations_that_failed_run_again():
    name = next(name for name in jobs(cluster.install()) if "order" in name)
    failed = live("Job", name.removeprefix("agora-"), version="batch/v1")
    failed["status"] = {
        "conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]
    }
    assert len(jobs(cluster.install()) - jobs(cluster.upgrade(failed))) == 1


def test_jobs_vanish_after_a_day(objects):
    for job in chart.of_kind(objects, "Job"):
        assert job["spec"]["ttlSecondsAfterFinished"] == 86400


def before(**hashes):
    """The Secret and the hashes that an installation leaves; some hashes differ, those that are None are not there."""
    objects = chart.render()
    noted = find(objects, "ConfigMap/agora-workloads")
    noted["data"] = {name: found for name, found in (noted["data"] | hashes).items() if found}
    return noted, find(objects, "Secret/agora")


def test_notes_name_what_an_upgrade_replaces():
    old = {"agora-order": OLD_HASH, "agora-stream": OLD_HASH, "agora-cache": None, "agora-gone": OLD_HASH}
    notes = cluster.notes_of(cluster.upgrade(*before(**old)))
    assert "Replaced, each Pod after its successor is ready: deployment/agora-order\n" in notes
    assert "Replaced, and away until ready again: statefulset/agora-stream\n" in notes
    assert "New: deployment/agora-cache\n" in notes
    assert "Removed: agora-gone\n" in notes


def test_notes_say_so_when_nothing_is_replaced():
    assert "No Pod is replaced." in cluster.notes_of(cluster.upgrade(*before()))


def test_notes_name_the_services_when_a_setting_changed():
    notes = cluster.notes_of(cluster.upgrade(*before(), arguments=("--set=log.level=debug",)))
    services = ("account", "catalog", "gateway", "order", "review", "review-worker")
    assert f"ready: {' '.join(f'deployment/agora-{name}' for name in services)}\n" in notes
    assert "away until ready" not in notes


def test_notes_say_so_when_the_revision_before_is_unknown():
    assert "every Pod may be replaced" in cluster.notes_of(cluster.upgrade())


SERVICES = {f"agora-{name}" for name in ("account", "catalog", "gateway", "order", "review", "review-worker")}
REPLACED = {
    "image.tag=next": SERVICES,
    "services.order.env.A=b": {"agora-order"},
    "services.order.replicas=3": set(),
    "log.level=debug": SERVICES,
    "secrets.existingSecret=theirs": {*SERVICES, "agora-cache", "agora-postgresql", "agora-stream"},
    "postgresql.maxConnections=400": {"agora-postgresql"},
    "stream.resources.limits.memory=512Mi": {"agora-stream"},
    "cache.maxMemory=64mb": {"agora-cache"},
    "scheduling.nodeSelector.disk=ssd": {*SERVICES, "agora-cache", "agora-postgresql", "agora-stream"},
    "networkPolicy.enabled=false": set(),
}


@pytest.mark.parametrize(("setting", "expected"), REPLACED.items())
def test_a_change_replaces_the_pods_the_readme_names(setting, expected):
    before, after = (
        find(chart.render(*more), "ConfigMap/agora-workloads")["data"] for more in ((), (f"--set={setting}",))
    )
    assert {name for name in before if before[name] != after[name]} == expected
    table = (chart.CHART / "README.md").read_text().partition("| change of |")[2].partition("\n\n")[0]
    assert f"`{setting.partition('.')[0]}" in table


def test_every_workload_is_noted(objects):
    workloads = {found["metadata"]["name"] for found in chart.of_kind(objects, "Deployment", "StatefulSet")}
    assert find(objects, "ConfigMap/agora-workloads")["data"].keys() == workloads


def test_notes_name_what_an_uninstall_leaves():
    notes = cluster.notes_of(cluster.install())
    assert "kubectl --namespace shop delete pod agora-test" in notes
    for store in ("postgresql", "stream"):
        assert f"kubectl --namespace shop delete pvc data-agora-{store}-0" in notes
