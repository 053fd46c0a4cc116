"""A cluster as helm asks it while it renders: discovery, the objects there are, and the release before."""

import base64
import gzip
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import chart
import yaml

KINDS = {
    "v1": ("ConfigMap", "Secret", "ServiceAccount", "PersistentVolumeClaim"),
    "apps/v1": ("Deployment", "StatefulSet"),
    "batch/v1": ("Job",),
}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
# What helm asks of an object before it takes it for one of the release.
OWNED = {
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
    "annotations": {"meta.helm.sh/release-name": chart.RELEASE, "meta.helm.sh/release-namespace": chart.NAMESPACE},
}
FLAGS = ("--dry-run=server", "--disable-openapi-validation")
RELEASES = f"/api/v1/namespaces/{chart.NAMESPACE}/secrets"


def install(*objects: chart.Object, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run `helm install` without changes in a namespace with these objects."""
    return _run("install", _answers(*objects), arguments)


def upgrade(*objects: chart.Object, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run `helm upgrade` without changes for a release in its first revision and a namespace with these objects."""
    return _run("upgrade", _answers(*objects) | {RELEASES: _releases()}, arguments)


def objects_of(finished: subprocess.CompletedProcess[str]) -> list[chart.Object]:
    assert finished.returncode == 0, finished.stderr
    manifest = finished.stdout.partition("MANIFEST:\n")[2].partition("\nNOTES:\n")[0]
    return [found for found in yaml.load_all(manifest, yaml.CSafeLoader) if found]


def hooks_of(finished: subprocess.CompletedProcess[str]) -> list[chart.Object]:
    assert finished.returncode == 0, finished.stderr
    hooks = finished.stdout.partition("HOOKS:\n")[2].partition("MANIFEST:\n")[0]
    return [found for found in yaml.load_all(hooks, yaml.CSafeLoader) if found]


def notes_of(finished: subprocess.CompletedProcess[str]) -> str:
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.partition("\nNOTES:\n")[2]


def _run(
    command: str, answers: dict[str, chart.Object], arguments: tuple[str, ...]
) -> subprocess.CompletedProcess[str]:
    with _api(answers) as api:
        return chart.run_helm(command, chart.RELEASE, ".", f"--namespace={chart.NAMESPACE}", f"--kube-apiserver={api}",
                              "--kubeconfig=/dev/null", *FLAGS, *arguments)  # fmt: skip


def _answers(*objects: chart.Object) -> dict[str, chart.Object]:
    rendered = {(found["apiVersion"], found["kind"]) for found in chart.render(*chart.VARIANTS["everything"])}
    kinds = rendered | {(version, kind) for version, names in KINDS.items() for kind in names}
    groups = {version for version, _ in kinds if "/" in version}
    answers: dict[str, chart.Object] = {
        "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": [_group(version) for version in sorted(groups)]},
    }
    for version in {version for version, _ in kinds}:
        resources = [
            {"name": _plural(kind), "namespaced": True, "kind": kind, "verbs": ["get"]}
            for found, kind in sorted(kinds)
            if found == version
        ]
        answers[_path(version)] = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
    for found in (ACCOUNT, *objects):
        resource = f"{_path(found['apiVersion'])}/namespaces/{chart.NAMESPACE}/{_plural(found['kind'])}"
        answers[f"{resource}/{found['metadata']['name']}"] = _owned(found)
    return answers


def _owned(found: chart.Object) -> chart.Object:
    metadata = found["metadata"]
    annotations = OWNED["annotations"] | metadata.get("annotations", {})
    return found | {"metadata": metadata | OWNED | {"annotations": annotations}}


def _path(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _plural(kind: str) -> str:
    return f"{kind.lower().removesuffix('y')}ies" if kind.endswith("y") else f"{kind.lower()}s"


def _group(version: str) -> chart.Object:
    found = {"groupVersion": version, "version": version.partition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [found], "preferredVersion": found}


def _releases() -> chart.Object:
    """Return the one Secret in which helm keeps the revision before."""
    release = {"name": chart.RELEASE, "namespace": chart.NAMESPACE, "version": 1, "manifest": "", "hooks": [],
               "info": {"status": "deployed"}, "apply_method": "ssa",
               "chart": {"metadata": yaml.safe_load(Path(chart.CHART / "Chart.yaml").read_text())}}  # fmt: skip
    data = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(release).encode())))
    labels = {"name": chart.RELEASE, "owner": "helm", "status": "deployed", "version": "1"}
    secret = {"metadata": {"name": "sh.helm.release.v1.agora.v1", "labels": labels}, "data": {"release": data.decode()}}
    return {"apiVersion": "v1", "kind": "SecretList", "metadata": {}, "items": [secret]}


@contextmanager
def _api(answers: dict[str, chart.Object]) -> Iterator[str]:
    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.partition("?")[0])
            self.send_response(200 if found else 404)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"kind": "Status", "code": 404, "reason": "NotFound"}).encode())

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
