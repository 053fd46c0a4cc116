"""Every process with metrics is read, by the chart's own Prometheus and by an operator's, under the same job."""

import json
import re
import shutil
import subprocess

import chart
import pytest
import yaml

EVERYTHING = chart.VARIANTS["everything"]
ADDRESS = re.compile(rf"([a-z-]+)\.{chart.NAMESPACE}\.svc\.cluster\.local")


def prometheus_config(*arguments):
    maps = chart.of_kind(chart.render(*arguments), "ConfigMap")
    return next(found["data"] for found in maps if found["metadata"]["name"] == "agora-prometheus")


def jobs():
    """Names of the Services that are read, and the port, by job."""
    found = {}
    for job in yaml.safe_load(prometheus_config(*EVERYTHING)["prometheus.yaml"])["scrape_configs"]:
        [source] = job.get("dns_sd_configs", []) + job.get("static_configs", [])
        [target] = source.get("names") or source["targets"]
        port = source.get("port") or int(target.partition(":")[2])
        found[job["job_name"]] = (ADDRESS.fullmatch(target.partition(":")[0])[1], port)
    return found


def metrics_services(objects):
    return [
        service
        for service in chart.of_kind(objects, "Service")
        if any(port["name"] == "metrics" for port in service["spec"]["ports"])
    ]


def test_every_container_with_metrics_is_read_by_the_charts_own_prometheus():
    objects = chart.render(*EVERYTHING)
    selectors = {s["metadata"]["name"]: s["spec"]["selector"] for s in metrics_services(objects)}
    read = {(selectors[service][chart.COMPONENT], port) for service, port in jobs().values()}
    assert read == {
        (pod["metadata"]["labels"][chart.COMPONENT], port["containerPort"])
        for _, pod in chart.pods(objects)
        for container in chart.containers(pod)
        for port in container.get("ports", [])
        if port["name"] == "metrics"
    }


def test_an_operators_prometheus_finds_the_same_under_the_same_jobs():
    objects = chart.render(*EVERYTHING)
    [monitor] = chart.of_kind(objects, "ServiceMonitor")
    assert [endpoint["port"] for endpoint in monitor["spec"]["endpoints"]] == ["metrics"]
    assert {
        service["metadata"]["labels"][monitor["spec"]["jobLabel"]]: service["metadata"]["name"]
        for service in metrics_services(objects)
        if chart.selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"])
    } == {job: service for job, (service, _) in jobs().items()}


def test_the_jobs_that_dashboards_and_alerts_name_exist():
    texts = [path.read_text() for path in chart.CHART.glob("dashboards/*.json")]
    queries = [query for text in texts for query in re.findall(r'"expr": ("(?:[^"\\]|\\.)*")', text)]
    named = {job for query in queries for job in re.findall(r'\bjob!?="([^"$]+)"', json.loads(query))}
    for path in chart.CHART.glob("alerts/*.yaml"):
        named |= set(re.findall(r'\bjob!?="([^"$]+)"', path.read_text()))
    assert {"gateway", "locust"} <= named
    assert named <= jobs().keys()


def test_locust_serves_metrics_where_its_container_says():
    master = next(
        chart.pod_of(found)["spec"]["containers"][0]
        for found in chart.of_kind(chart.render(*EVERYTHING), "Deployment")
        if found["metadata"]["name"] == "agora-locust-master"
    )
    [port] = [port["containerPort"] for port in master["ports"] if port["name"] == "metrics"]
    assert f"--metrics-port={port}" in master["args"]


def test_without_locust_nothing_of_it_is_read():
    assert "locust" not in prometheus_config("--set=observability.enabled=true")["prometheus.yaml"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool on the PATH")
def test_promtool_is_content_with_the_configuration(tmp_path):
    for name, text in prometheus_config(*EVERYTHING).items():
        (tmp_path / name).write_text(text)
    command = ["promtool", "check", "config", tmp_path / "prometheus.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
