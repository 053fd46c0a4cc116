"""`make kind`, with programs that only note how they are called: tags, ports, and what an edit changes."""

import fnmatch
import os
import re
import shlex
import shutil
import subprocess

import chart
import pytest
import yaml

COPIED = (
    "scripts/kind",
    "scripts/images",
    "scripts/image_tag",
    "charts/agora/Chart.yaml",
    "k8s/kind.yaml",
    "k8s/namespace.yaml",
)
SOURCE = "services/catalog/src/catalog/__main__.py"
PROGRAMS = {
    "kind": '[ "$1 $2" != "create cluster" ] || cat >cluster.yaml',
    "kubectl": "",
    "helm": "",
    "docker": """case $1 in
images) reference=${3#reference=}; echo "${reference/\\*/catalog}" ;;
port) echo "127.0.0.1:1$3" | cut -d/ -f1 ;;
esac""",
}


@pytest.fixture
def tree(tmp_path):
    """A repository with one service and what the script needs."""
    for name in COPIED:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(chart.REPOSITORY / name, target)
    tmp_path.joinpath(SOURCE).parent.mkdir(parents=True)
    tmp_path.joinpath(SOURCE).write_text("print('first')\n")
    tmp_path.joinpath("programs").mkdir()
    for name, body in PROGRAMS.items():
        program = tmp_path / "programs" / name
        program.write_text(f'#!/bin/bash\necho "{name} $*" >>calls\n{body}\n')
        program.chmod(0o755)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.example"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    return tmp_path


def run(tree, **variables):
    """Everything the script called, and what it printed."""
    tree.joinpath("calls").unlink(missing_ok=True)
    environment = {"PATH": f"{tree / 'programs'}:{os.defpath}", "HOME": str(tree)} | variables
    finished = subprocess.run(
        ["scripts/kind"], cwd=tree, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return tree.joinpath("calls").read_text(), finished.stdout


def tag_of(calls):
    return re.search(r"^helm upgrade .* --set-string image\.tag=(\S+)", calls, re.MULTILINE)[1]


def test_a_second_run_after_an_edit_replaces_the_pods(tree):
    first, _ = run(tree)
    again, _ = run(tree)
    tree.joinpath(SOURCE).write_text("print('second')\n")
    edited, _ = run(tree)
    tree.joinpath(SOURCE).with_name("new.py").write_text("print('third')\n")
    added, _ = run(tree)
    tags = [tag_of(calls) for calls in (first, again, edited, added)]
    assert tags[0] == tags[1]
    assert len(set(tags)) == 3


def test_the_chart_is_installed_with_the_images_that_were_built(tree):
    calls, _ = run(tree)
    image = f"localhost/agora/catalog:{tag_of(calls)}"
    assert f"--tag {image} ." in calls
    assert re.search(rf"^docker save --output \S+ {image}$", calls, re.MULTILINE)
    objects = chart.render(*chart.VARIANTS["values-kind"], "--set-string", f"image.tag={tag_of(calls)}")
    assert image in {container["image"] for _, pod in chart.pods(objects) for container in chart.containers(pod)}


@pytest.mark.parametrize(("variables", "ports"), [({}, {30080: 8180, 30300: 3000, 30089: 8189}),
                         ({"SHOP_PORT": "9000", "GRAFANA_PORT": "9001", "LOCUST_PORT": "9002"},
                          {30080: 9000, 30300: 9001, 30089: 9002})])  # fmt: skip
def test_the_ports_of_this_machine_can_be_chosen(tree, variables, ports):
    run(tree, **variables)
    node = yaml.safe_load((tree / "cluster.yaml").read_text())["nodes"][0]
    assert {mapping["containerPort"]: mapping["hostPort"] for mapping in node["extraPortMappings"]} == ports


def test_the_addresses_are_those_of_the_cluster_there_is(tree):
    _, printed = run(tree)
    assert "The shop      http://127.0.0.1:130080/docs\n" in printed
    assert "Locust        http://127.0.0.1:130089\n" in printed


def test_no_port_is_one_of_the_local_mesh():
    """The shop of `make up`, and the page of `make load`."""
    text = (chart.REPOSITORY / "k8s" / "kind.yaml").read_text()
    used = (chart.REPOSITORY / "services" / "localmesh" / "src" / "localmesh" / "plan.py").read_text()
    usual = int(re.search(r"^USUAL_HTTP_PORT = (\d+)$", used, re.MULTILINE)[1])
    assert not {usual, 8089} & {int(port) for port in re.findall(r"hostPort: (\d+)", text)}


def test_the_tag_of_an_image_covers_what_it_is_built_from():
    script = (chart.REPOSITORY / "scripts" / "image_tag").read_text()
    sources = set(shlex.split(re.search(r"^sources=\((.*)\)$", script, re.MULTILINE)[1]))
    ignored = (chart.REPOSITORY / ".dockerignore").read_text().split()
    assert sources == {"Dockerfile", *(name.removeprefix("!") for name in ignored if name.startswith("!"))}
    assert any(fnmatch.fnmatch("services/catalog/tests", name) for name in ignored), "the script leaves out tests"
