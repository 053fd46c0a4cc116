"""A running mesh whose processes are killed, paused, stopped and restarted."""

import json
import os
import signal
import threading

import psutil


def statuses(process: psutil.Process) -> set[str]:
    return {member.status() for member in (process, *process.children(recursive=True))}


def test_a_killed_process_is_back_by_itself(running_mesh):
    pid = running_mesh.status("shelf-0")["pid"]
    os.kill(pid, signal.SIGKILL)
    running_mesh.eventually(lambda: running_mesh.status("shelf-0")["pid"] not in {pid, None})
    running_mesh.eventually(lambda: running_mesh.status("shelf-0")["health"] == "ready")
    status = running_mesh.status("shelf-0")
    assert status["restarts"] >= 1
    assert status["pid"] in {process["pid"] for process in running_mesh.published()["processes"]}


def test_a_process_that_cannot_be_launched_stops_no_other(running_mesh):
    log = running_mesh.directory / "logs" / "shelf-0.log"
    os.kill(running_mesh.status("shelf-0")["pid"], signal.SIGKILL)
    log.rename(log.with_suffix(".away"))
    log.mkdir()
    told = running_mesh.directory / "logs" / "supervisor.log"
    running_mesh.eventually(lambda: "shelf-0 could not be started" in told.read_text())
    assert running_mesh.status("shelf-1")["health"] == "ready"
    log.rmdir()
    running_mesh.eventually(lambda: running_mesh.status("shelf-0")["health"] == "ready")


def test_a_process_told_to_stay_down_does_until_it_is_started(running_mesh):
    assert running_mesh.run("kill", "shelf-1", "--stay-down").returncode == 0
    running_mesh.eventually(lambda: running_mesh.status("shelf-1")["health"] == "stopped")
    assert running_mesh.run("start", "shelf-1").returncode == 0
    assert running_mesh.status("shelf-1")["health"] == "ready"
    refused = running_mesh.run("start", "shelf-1")
    assert refused.stderr == "agora mesh: shelf-1 is running already\n"


def test_a_paused_process_is_shown_as_paused_and_goes_on(running_mesh):
    before = running_mesh.status("shelf-0")
    assert running_mesh.run("pause", "shelf-0").returncode == 0
    running_mesh.eventually(lambda: running_mesh.status("shelf-0")["health"] == "paused")
    assert running_mesh.run("resume", "shelf-0").returncode == 0
    running_mesh.eventually(lambda: running_mesh.status("shelf-0")["health"] == "ready")
    after = running_mesh.status("shelf-0")
    assert (after["pid"], after["restarts"]) == (before["pid"], before["restarts"])


def test_pause_stops_the_children_and_resume_continues_them(running_mesh):
    postgres = psutil.Process(running_mesh.status("postgres")["pid"])
    assert running_mesh.run("pause", "postgres").returncode == 0
    running_mesh.eventually(lambda: statuses(postgres) == {psutil.STATUS_STOPPED})
    assert running_mesh.run("resume", "postgres").returncode == 0
    running_mesh.eventually(lambda: psutil.STATUS_STOPPED not in statuses(postgres))


def test_children_go_on_when_a_paused_parent_is_killed(running_mesh):
    pid = running_mesh.status("postgres")["pid"]
    running_mesh.run("pause", "postgres")
    running_mesh.run("kill", "postgres")
    running_mesh.eventually(lambda: running_mesh.status("postgres")["pid"] not in {pid, None})
    running_mesh.eventually(lambda: running_mesh.status("postgres")["health"] == "ready")


def test_pause_of_a_stopped_process_is_an_error(running_mesh):
    running_mesh.run("kill", "shelf-1", "--stay-down")
    running_mesh.eventually(lambda: running_mesh.status("shelf-1")["health"] == "stopped")
    failed = running_mesh.run("pause", "shelf-1")
    assert (failed.returncode, failed.stderr) == (1, "agora mesh: shelf-1 is not running\n")
    running_mesh.run("start", "shelf-1")


def test_a_rolling_restart_replaces_every_replica_and_one_is_always_ready(running_mesh):
    before = {name: running_mesh.status(name)["pid"] for name in ("shelf-0", "shelf-1")}
    done = threading.Event()
    ready_counts = []

    def watch() -> None:
        while not done.is_set():
            processes = json.loads(running_mesh.run("status", "--json").stdout)
            ready_counts.append(sum(p["service"] == "shelf" and p["health"] == "ready" for p in processes))

    watcher = threading.Thread(target=watch)
    watcher.start()
    restarted = running_mesh.run("restart", "shelf")
    done.set()
    watcher.join()
    assert restarted.returncode == 0
    assert min(ready_counts) >= 1
    assert all(running_mesh.status(name)["pid"] != pid for name, pid in before.items())


def test_a_killed_store_comes_back(running_mesh):
    for name in ("postgres", "stream"):
        pid = running_mesh.status(name)["pid"]
        assert running_mesh.run("kill", name).returncode == 0
        running_mesh.eventually(lambda name=name, pid=pid: running_mesh.status(name)["pid"] not in {pid, None})
        running_mesh.eventually(lambda name=name: running_mesh.status(name)["health"] == "ready")


def test_logs_show_the_last_lines_of_a_process(running_mesh):
    assert "serving shelf-1" in running_mesh.run("logs", "shelf-1").stdout
    assert running_mesh.run("logs", "ghost").returncode == 1


def test_unknown_names_are_refused_with_the_known_ones(running_mesh):
    refused = running_mesh.run("kill", "shelf-7")
    assert (refused.returncode, "shelf-0" in refused.stderr) == (1, True)
    refused = running_mesh.run("restart", "ghost")
    assert (refused.returncode, "gateway" in refused.stderr) == (1, True)
    assert running_mesh.run("kill", "shelf-0", "--signal", "NONE").returncode == 2


def test_no_process_outlives_a_killed_supervisor_and_the_next_start_recovers(mesh):
    mesh.up()
    paused = mesh.status("shelf-0")["pid"]
    os.kill(paused, signal.SIGSTOP)
    os.kill(mesh.published()["supervisor"]["pid"], signal.SIGKILL)
    mesh.eventually(lambda: [process.pid for process in mesh.survivors()] == [paused])
    mesh.up()
    assert not psutil.pid_exists(paused)
    assert len(mesh.published()["processes"]) == 3


def test_down_ends_what_a_killed_supervisor_left(mesh):
    mesh.up()
    paused = mesh.status("shelf-0")["pid"]
    os.kill(paused, signal.SIGSTOP)
    os.kill(mesh.published()["supervisor"]["pid"], signal.SIGKILL)
    mesh.eventually(lambda: "no mesh is running" in mesh.run("down").stderr)
    assert mesh.survivors() == []
    assert not (mesh.directory / "mesh.json").exists()
