"""Starting a mesh and stopping it, and every way in which the start may be refused."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from localmesh.console import ConsoleProgress
from localmesh.errors import StartupError
from localmesh.state import StateDirectory


def test_a_ready_mesh_publishes_where_everything_is(mesh):
    mesh.up()
    published = mesh.published()
    assert published["gateway"] == f"http://127.0.0.1:{mesh.http_port}"
    assert published["gateways"] == [published["gateway"]]
    assert [process["name"] for process in published["processes"]] == ["shelf-0", "shelf-1", "gateway-0"]
    assert stat.S_IMODE((mesh.directory / "mesh.json").stat().st_mode) == 0o600
    given = mesh.gateway_environment()
    replicas = [process["grpc"] for process in published["processes"] if process["grpc"]]
    assert given["SHELF_TARGET"] == f"ipv4:{','.join(replicas)}"
    assert given["CACHE_MODE"] == "tiered"
    assert given["AGORA_OPERATOR_TOKEN"] == (mesh.directory / "secrets" / "operator-token").read_text()
    assert "DATABASE_URL" not in given


def test_banner_names_the_state_directory_when_it_was_moved(mesh):
    banner = mesh.run("up", "--detach").stdout
    agora = os.path.relpath(Path(sys.executable).with_name("agora"))
    assert f"  AGORA_LOCAL_DIR={mesh.directory} {agora} buy 1\n" in banner


def test_banner_names_the_installed_command_when_it_is_on_the_path(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    mesh = {"gateway": "http://127.0.0.1:8080", "postgres": "postgresql://127.0.0.1:5432", "prometheus": None}
    ConsoleProgress(StateDirectory(tmp_path / ".local"), show_logs=False).ready(mesh)
    assert "  agora buy 1\n" in capsys.readouterr().out


def test_down_leaves_neither_process_nor_mesh_json(mesh):
    mesh.up()
    assert mesh.run("down").returncode == 0
    assert mesh.survivors() == []
    assert not (mesh.directory / "mesh.json").exists()


def test_a_second_start_finds_the_same_ports_and_passwords(mesh):
    mesh.up()
    first = mesh.published()
    mesh.run("down")
    mesh.up()
    second = mesh.published()
    assert [first[key] for key in ("postgres", "redis", "stream")] == [
        second[key] for key in ("postgres", "redis", "stream")
    ]


def test_ctrl_c_stops_a_mesh_in_the_foreground(mesh):
    process = mesh.foreground()
    mesh.eventually((mesh.directory / "mesh.json").exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert mesh.survivors() == []


@pytest.mark.parametrize("moment", ["lock", "postgres.unfinished", "children.json", "logs/shelf-0.log"])
def test_ctrl_c_during_the_start_leaves_nothing_and_damages_nothing(mesh, moment: str):
    process = mesh.foreground()
    mesh.eventually((mesh.directory / moment).exists)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert len(errors.splitlines()) == 1
    assert mesh.survivors() == []
    mesh.up()


def test_a_second_up_is_refused(mesh):
    mesh.up()
    refused = mesh.run("up")
    assert refused.returncode == 1
    assert refused.stderr == f"agora mesh: a mesh is already running in {mesh.directory}: `agora mesh down` stops it\n"


def test_a_taken_gateway_port_is_named(mesh):
    take = f"import socket; taken = socket.create_server(('127.0.0.1', {mesh.http_port})); print('taken'); input()"
    with subprocess.Popen(
        ["python3", "-uc", take], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as other:
        assert other.stdout.readline() == b"taken\n"
        refused = mesh.run("up")
        other.terminate()
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"agora mesh: port {mesh.http_port} is taken by python")
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("mode", [[], ["--detach"]])
def test_a_process_that_ends_during_the_start_is_shown_with_its_last_lines(mesh, mode: list[str]):
    failed = mesh.run("up", *mode, STANDIN_SHELF="crash")
    assert failed.returncode == 1
    assert "ended before it was ready" in failed.stderr
    assert "cannot find my settings" in failed.stderr
    assert mesh.survivors() == []


def test_failing_migrations_are_shown(mesh):
    failed = mesh.run("up", "--detach", STANDIN_MIGRATIONS="fail")
    assert failed.returncode == 1
    assert "column shelves.width does not exist" in failed.stderr
    assert mesh.survivors() == []


def test_the_sample_is_loaded_once_and_again_when_more_is_asked_for(mesh):
    loaded = mesh.directory / "loaded"
    for items in ("0", "5", "5", "7"):
        assert mesh.run("up", "--detach", AGORA_SAMPLE_ITEMS=items).returncode == 0
        mesh.run("down")
    assert loaded.read_text() == "5 seller-1 seller-2\n7 seller-1 seller-2\n"
    assert (mesh.directory / "logs" / "sample.log").read_text() == "something to remember\n" * 2


def test_data_of_another_postgresql_major_is_refused(mesh):
    data = mesh.directory / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    refused = mesh.run("up")
    assert refused.returncode == 1
    assert "was written by PostgreSQL 9" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_path_that_is_no_directory_is_refused(mesh):
    mesh.directory.write_text("")
    refused = mesh.run("up")
    assert refused.returncode == 1
    assert refused.stderr == f"agora mesh: {mesh.directory} cannot be used: File exists\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(mesh):
    mesh.directory.mkdir()
    os.chown(mesh.directory, 65534, 65534)
    refused = mesh.run("up")
    os.chown(mesh.directory, 0, 0)
    assert refused.returncode == 1
    assert refused.stderr == f"agora mesh: {mesh.directory} belongs to nobody, not to root\n"


def test_a_full_disk_is_refused_up_front(tmp_path: Path):
    with pytest.raises(StartupError, match="MiB free"):
        StateDirectory(tmp_path).require_space(2**60)


def test_down_without_a_mesh_succeeds(mesh):
    done = mesh.run("down")
    assert (done.returncode, done.stderr) == (0, f"agora mesh: no mesh is running in {mesh.directory}\n")


@pytest.mark.parametrize("command", ["status", "restart shelf", "kill shelf-0"])
def test_commands_without_a_mesh_say_so(mesh, command: str):
    refused = mesh.run(*command.split())
    assert refused.returncode == 1
    assert refused.stderr == f"agora mesh: no mesh is running in {mesh.directory}: `agora mesh up` starts one\n"


@pytest.mark.parametrize(
    "arguments", ["--replicas ghost=1", "--replicas shelf=0", "--replicas shelf", "--gateways x", "--cache some"]
)
def test_wrong_usage_exits_with_2(mesh, arguments: str):
    assert mesh.run("up", *arguments.split()).returncode == 2
