"""Passwords and tokens are made once: an upgrade finds those of the cluster and keeps them."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import chart
import pytest
import yaml

OFFLINE = ("--disable-openapi-validation", "--is-upgrade")


def discovery() -> dict[str, chart.Object]:
    """What the API of a cluster says of itself, as far as the chart's kinds go."""
    kinds: dict[str, set[str]] = {}
    for found in chart.render():
        kinds.setdefault(found["apiVersion"], set()).add(found["kind"])
    answers: dict[str, chart.Object] = {
        "/version": {"major": "1", "minor": "36", "gitVersion": "v1.36.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": [_group(version) for version in kinds if "/" in version]},
    }
    for version, names in kinds.items():
        resources = [{"name": f"{name.lower()}s", "namespaced": True, "kind": name, "verbs": ["get"]} for name in names]
        path = f"/{'apis' if '/' in version else 'api'}/{version}"
        answers[path] = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
    return answers


def _group(version: str) -> chart.Object:
    found = {"groupVersion": version, "version": version.partition("/")[2]}
    return {"name": version.partition("/")[0], "versions": [found], "preferredVersion": found}


@contextmanager
def cluster(**kept: str) -> Iterator[str]:
    """The few answers of a cluster's API that helm asks for, one of them a Secret of an earlier installation."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": chart.RELEASE, "namespace": chart.NAMESPACE},
              "data": {key.replace("_", "-"): value for key, value in kept.items()}}  # fmt: skip
    answers = discovery() | {f"/api/v1/namespaces/{chart.NAMESPACE}/secrets/{chart.RELEASE}": secret}

    class Api(BaseHTTPRequestHandler):
        def do_GET(self):
            found = answers.get(self.path.partition("?")[0])
            self.send_response(200 if found else 404)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"kind": "Status", "code": 404, "reason": "NotFound"}).encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def secret_of(rendered: str) -> chart.Object:
    return chart.of_kind(list(yaml.safe_load_all(rendered)), "Secret")[0]


def test_an_upgrade_keeps_what_there_is_and_makes_what_is_new(tmp_path):
    (tmp_path / "kubeconfig").touch()
    password = base64.b64encode(b"made at the first installation").decode()
    with cluster(database_order=password) as api:
        arguments = (f"--kube-apiserver={api}", f"--kubeconfig={tmp_path / 'kubeconfig'}", "--dry-run=server", *OFFLINE)
        finished = chart.template(*arguments)
    assert finished.returncode == 0, finished.stderr
    data = secret_of(finished.stdout)["data"]
    assert data.pop("database-order") == password
    assert all(len(base64.b64decode(value)) == 32 for value in data.values())


def test_generated_secrets_differ_and_outlive_the_release():
    first, second = (secret_of(chart.template().stdout) for _ in range(2))
    assert len({*first["data"].values(), *second["data"].values()}) == 2 * len(first["data"])
    assert first["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("word", ["secret", "password", "token"])
def test_the_notes_print_no_secret(word):
    assert word not in (chart.CHART / "templates" / "NOTES.txt").read_text().lower()
