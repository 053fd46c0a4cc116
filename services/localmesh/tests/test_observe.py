"""The Prometheus beside a mesh: asked for, missing, running."""

import shutil
import urllib.request

import pytest


def test_without_a_prometheus_on_the_path_the_start_says_how_to_get_one(mesh):
    done = mesh.run("up", "--detach", "--observe", PATH="/nonexistent")
    assert done.returncode == 2
    assert "apt-get install prometheus" in done.stderr
    assert not (mesh.directory / "mesh.json").exists()


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus on the PATH")
def test_an_observed_mesh_has_a_prometheus_and_tells_where(mesh):
    done = mesh.run("up", "--detach", "--observe")
    assert done.returncode == 0, done.stderr
    address = mesh.published()["prometheus"]
    assert f"Prometheus  {address}" in done.stdout
    with urllib.request.urlopen(f"{address}/-/ready", timeout=60) as answer:
        assert answer.status == 200
    assert mesh.status("prometheus")["health"] == "ready"


def test_an_interval_must_have_a_length(mesh):
    done = mesh.run("top", "--interval", "0")
    assert (done.returncode, "above 0" in done.stderr) == (2, True)
