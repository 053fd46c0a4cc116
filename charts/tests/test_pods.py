"""What every pod owes its cluster: restricted security, resources, probes, pinned images, a matching Service."""

import os
import subprocess

import chart
import pytest
import sizes


def test_every_pod_passes_the_restricted_standard_and_more(objects):
    for name, pod in chart.pods(objects):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert spec["automountServiceAccountToken"] is False, name
        assert all({"configMap", "emptyDir", "secret"} & volume.keys() for volume in spec.get("volumes", [])), name
        for container in chart.containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert not any("hostPort" in port for port in container.get("ports", [])), name


def test_every_container_has_requests_and_a_memory_limit(objects):
    for name, pod in chart.pods(objects):
        for container in chart.containers(pod):
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
            limit = sizes.quantity(container["resources"]["limits"]["memory"])
            assert limit >= sizes.quantity(container["resources"]["requests"]["memory"]), name


def test_every_container_that_listens_has_all_probes(objects):
    for name, pod in chart.pods(objects):
        for container in chart.containers(pod):
            if "ports" in container:
                assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys(), name


def test_no_liveness_probe_asks_for_what_another_part_can_take_away(objects):
    """Readiness turns NOT_SERVING when a store is away; a liveness that did so too would kill what is healthy."""
    for name, pod in chart.pods(objects):
        for container in chart.containers(pod):
            for probe in (container.get("startupProbe", {}), container.get("livenessProbe", {})):
                # A name of its own, SERVING whatever the stores do (see chassis.grpc_server).
                assert probe.get("grpc", {"service": "liveness"}).get("service") == "liveness", name
                assert probe.get("httpGet", {}).get("path") != "/readyz", name


def test_every_image_has_a_tag_that_stays(objects):
    for name, pod in chart.pods(objects):
        for container in chart.containers(pod):
            _, _, tag = container["image"].rpartition("/")[2].partition(":")
            assert tag, name
            assert not tag.startswith("latest"), name


def test_every_writable_mount_is_a_volume_with_a_limit(objects):
    for name, pod in chart.pods(objects):
        for volume in pod["spec"].get("volumes", []):
            assert "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"], name


def test_a_selector_matches_the_pods_of_exactly_one_workload(objects):
    labels = {name: pod["metadata"]["labels"] for name, pod in chart.pods(objects)}
    for workload in chart.of_kind(objects, "Deployment", "StatefulSet"):
        selector = workload["spec"]["selector"]["matchLabels"]
        own = chart.name_of(workload)
        assert [name for name, found in labels.items() if chart.selects(selector, found)] == [own]
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & selector.keys(), own


def test_every_service_selects_a_workload_that_listens_on_its_ports(objects):
    for service in chart.of_kind(objects, "Service"):
        selected = [
            pod
            for workload in chart.of_kind(objects, "Deployment", "StatefulSet")
            if chart.selects(service["spec"]["selector"], (pod := chart.pod_of(workload))["metadata"]["labels"])
        ]
        assert len(selected) == 1, chart.name_of(service)
        ports = {port["name"] for container in chart.containers(selected[0]) for port in container.get("ports", [])}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports, chart.name_of(service)


def test_what_a_pod_refers_to_exists(objects):
    made = {chart.name_of(found) for found in objects}
    for name, pod in chart.pods(objects):
        assert f"ServiceAccount/{pod['spec']['serviceAccountName']}" in made, name
        for volume in pod["spec"].get("volumes", []):
            if "configMap" in volume:
                assert f"ConfigMap/{volume['configMap']['name']}" in made, name


def test_every_key_of_the_generated_secret_that_is_read_exists():
    objects = chart.render(*chart.VARIANTS["everything"])
    keys = chart.of_kind(objects, "Secret")[0]["data"].keys()
    read = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for _, pod in chart.pods(objects)
        for container in chart.containers(pod)
        for variable in container.get("env", [])
        if "valueFrom" in variable
    }
    mounted = {
        item["key"]
        for _, pod in chart.pods(objects)
        for volume in pod["spec"].get("volumes", [])
        for item in volume.get("secret", {}).get("items", [])
    }
    assert read | mounted == keys


SERVICES = ("account", "catalog", "gateway", "order", "review", "review-worker")


def test_a_changed_setting_restarts_the_services_and_nothing_else():
    before, after = chart.render(), chart.render("--set=log.level=debug")
    changed = {name for (name, old), (_, new) in zip(chart.pods(before), chart.pods(after), strict=True) if old != new}
    assert changed == {f"Deployment/agora-{name}" for name in SERVICES}


def test_a_rolling_update_never_has_fewer_replicas_than_before(objects):
    budgets = [found["spec"]["selector"]["matchLabels"] for found in chart.of_kind(objects, "PodDisruptionBudget")]
    for workload in chart.of_kind(objects, "Deployment"):
        container = chart.pod_of(workload)["spec"]["containers"][0]
        if "preStop" not in container.get("lifecycle", {}):
            continue  # a part of which there is one
        assert workload["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        delay = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert chart.pod_of(workload)["spec"]["terminationGracePeriodSeconds"] >= delay + 20
        if workload["spec"].get("replicas", 2) > 1:
            assert workload["spec"]["selector"]["matchLabels"] in budgets, chart.name_of(workload)


def test_a_disruption_budget_holds_up_no_drain_even_of_a_single_replica(objects):
    for budget in chart.of_kind(objects, "PodDisruptionBudget"):
        assert budget["spec"].keys() == {"maxUnavailable", "selector", "unhealthyPodEvictionPolicy"}
        assert budget["spec"]["maxUnavailable"] >= 1
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_nothing_is_a_hook_but_the_test(objects):
    """A replica is ready only with its schema: a hook that makes it after `helm install --wait` is never reached."""
    hooks = {
        chart.name_of(found): found["metadata"]["annotations"]
        for found in objects
        if "helm.sh/hook" in found["metadata"].get("annotations", {})
    }
    assert hooks.keys() == {"Pod/agora-test"}
    # `helm test --logs` of Helm 3 reads the log when the test is over, so a Pod that is gone by then fails it.
    assert hooks["Pod/agora-test"]["helm.sh/hook-delete-policy"] == "before-hook-creation"


def test_a_job_that_differs_has_another_name():
    """The cluster refuses a Job whose pods have changed; the revision, which does the same, is 1 in every rendering."""
    names = [{job["metadata"]["name"] for job in chart.of_kind(chart.render(*more), "Job")}
             for more in ((), ("--set=log.level=debug",), ("--set=image.tag=next",))]  # fmt: skip
    assert names[0] == names[1]
    assert not names[0] & names[2]


WRITABLE = {
    "postgres": {"/dev/shm", "/tmp", "/var/lib/postgresql", "/var/run/postgresql"},
    "redis": {"/data"},
    "prometheus": {"/prometheus"},
    "grafana": {"/tmp", "/var/lib/grafana"},
    "cloud-sql-proxy": set(),
}


def test_an_image_may_write_where_it_does_and_nowhere_else(objects):
    for name, pod in chart.pods(objects):
        read_only = {v["name"] for v in pod["spec"].get("volumes", []) if {"configMap", "secret"} & v.keys()}
        for container in chart.containers(pod):
            image = container["image"].rpartition("/")[2].partition(":")[0]
            mounts = [mount for mount in container.get("volumeMounts", []) if mount["name"] not in read_only]
            assert {mount["mountPath"] for mount in mounts} == WRITABLE.get(image, {"/tmp"}), name
        assert pod["spec"]["securityContext"]["fsGroup"] == pod["spec"]["securityContext"]["runAsGroup"], name


# With -e redis-cli exits with an error when the server answers with one.
STORES = {"postgresql": ("pg_isready", "exit 1"), "stream": ("redis-cli", 'echo LOADING; [ "$1" != -e ]')}


@pytest.mark.parametrize(("store", "answer"), STORES.items())
def test_a_store_that_recovers_its_data_is_alive_and_not_ready(store, answer, tmp_path):
    """What the store's own program answers meanwhile; a liveness that fails on it kills the store before it is done."""
    program, says = answer
    tmp_path.joinpath(program).write_text(f"#!/bin/sh\n{says}\n")
    tmp_path.joinpath(program).chmod(0o755)
    stateful = chart.of_kind(chart.render(), "StatefulSet")
    workload = next(found for found in stateful if found["metadata"]["name"] == f"agora-{store}")
    container = chart.pod_of(workload)["spec"]["containers"][0]

    def passes(probe):
        if "tcpSocket" in probe:
            return True  # it listens before it has its data
        command = probe["exec"]["command"]
        return subprocess.run(command, env={"PATH": f"{tmp_path}:{os.defpath}"}, check=False).returncode == 0

    passed = {probe: passes(container[probe]) for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert passed == {"startupProbe": True, "livenessProbe": True, "readinessProbe": False}


@pytest.mark.parametrize(("store", "most"), [("Deployment/agora-cache", 2), ("StatefulSet/agora-stream", 8)])
def test_the_probes_of_a_redis_server_start_few_processes(store, most):
    """Each costs 35 ms of CPU, which every 2 s was more than the server itself."""
    workload = next(found for found in chart.render() if chart.name_of(found) == store)
    container = chart.pod_of(workload)["spec"]["containers"][0]
    probes = [container[name] for name in ("livenessProbe", "readinessProbe")]
    assert sum(60 / probe["periodSeconds"] for probe in probes if "exec" in probe) <= most
    assert not any("sh" in probe.get("exec", {}).get("command", []) for probe in probes)


def test_a_start_makes_few_probes_fail(objects):
    """Each is a warning: of a process that listens after 3 s and whose stores take 15, at most three."""
    for workload in chart.of_kind(objects, "Deployment"):
        container = chart.pod_of(workload)["spec"]["containers"][0]
        if "preStop" in container.get("lifecycle", {}):
            assert container["startupProbe"]["initialDelaySeconds"] >= 3
            # A gateway is ready without its tiers and stores.
            if container["readinessProbe"].get("httpGet", {}).get("port") != "http":
                assert container["readinessProbe"]["periodSeconds"] >= 5
            assert container["startupProbe"]["failureThreshold"] * container["startupProbe"]["periodSeconds"] >= 60


def test_stores_with_data_are_moved_one_after_the_other(objects):
    stores = {found["metadata"]["labels"][chart.COMPONENT] for found in chart.of_kind(objects, "StatefulSet")}
    budgets = [found["spec"] for found in chart.of_kind(objects, "PodDisruptionBudget")
               if "matchExpressions" in found["spec"]["selector"]]  # fmt: skip
    assert len(budgets) == bool(stores)
    for budget in budgets:
        assert set(budget["selector"]["matchExpressions"][0]["values"]) == stores
        assert budget["maxUnavailable"] == 1


def test_an_exposed_service_opens_one_port(objects):
    for service in chart.of_kind(objects, "Service"):
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            assert len(service["spec"]["ports"]) == 1, chart.name_of(service)


def test_the_default_installation_asks_for_little_memory():
    assert sizes.at_rest(chart.render())["memory"] < sizes.quantity("1.5Gi")
