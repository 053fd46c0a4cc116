"""Quotas on the kernel's own control groups where this process may have them, and their refusal where it may not."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from loadtests.experiments import cpu_quota
from loadtests.experiments.cpu_quota import Hierarchy, NoQuota, hierarchy, limited


@pytest.fixture
def busy():
    """A process that uses a core as far as it gets one."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield process.pid
        process.kill()


def groups_of(pid):
    return Path(f"/proc/{pid}/cgroup").read_text()


def ours():
    """Groups of this process's that are left."""
    return list(Path("/sys/fs/cgroup").glob(f"**/agora-bench-{psutil.Process().pid}-*"))


def test_a_limited_process_gets_its_share_and_is_put_back(busy):
    before = groups_of(busy)
    try:
        with limited([busy], 0.1):
            began, used = time.monotonic(), sum(psutil.Process(busy).cpu_times()[:2])
            time.sleep(1.0)
            used = sum(psutil.Process(busy).cpu_times()[:2]) - used
            assert groups_of(busy) != before
            assert used < 0.5 * (time.monotonic() - began)
    except NoQuota as refused:
        pytest.skip(str(refused))
    assert groups_of(busy) == before
    assert not ours()


def test_a_process_that_ends_under_its_limit_leaves_nothing(busy):
    try:
        with limited([busy], 0.1):
            psutil.Process(busy).kill()
            psutil.Process(busy).wait()
    except NoQuota as refused:
        pytest.skip(str(refused))
    assert not ours()


def test_a_process_that_is_gone_is_refused_and_the_others_are_put_back(busy):
    before = groups_of(busy)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with pytest.raises(NoQuota), limited([busy, ended.pid], 0.5):
        pass
    assert groups_of(busy) == before
    assert not ours()


def test_groups_that_may_not_be_written_are_a_refusal(busy, monkeypatch):
    # No directory can be made in /proc, whoever one is.
    monkeypatch.setattr(cpu_quota, "hierarchy", lambda: Hierarchy(Path("/proc"), hierarchy().controllers, False))
    with pytest.raises(NoQuota, match="/proc/agora-bench"), limited([busy], 0.5):
        pytest.fail("nothing is limited")


def test_a_machine_without_control_groups_is_a_refusal(tmp_path):
    with pytest.raises(NoQuota, match="no control groups"):
        hierarchy(tmp_path)


@pytest.mark.parametrize(
    ("files", "found", "quota"),
    [
        ({"cpu/cpu.cfs_quota_us": "-1"}, "cpu", {"cpu.cfs_period_us": "10000", "cpu.cfs_quota_us": "3000"}),
        (
            {"cpu,cpuacct/cpu.cfs_quota_us": "-1"},
            "cpu,cpuacct",
            {"cpu.cfs_period_us": "10000", "cpu.cfs_quota_us": "3000"},
        ),
        ({"cgroup.subtree_control": "cpuset cpu memory\n"}, "", {"cpu.max": "3000 10000"}),
    ],
)
def test_both_kinds_of_groups_are_known(tmp_path, files, found, quota):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    where = hierarchy(tmp_path)
    assert (where.controllers, where.quota_of(0.3)) == (found, quota)


def test_groups_that_do_not_control_cpu_are_a_refusal(tmp_path):
    (tmp_path / "cgroup.subtree_control").write_text("cpuset memory\n")
    with pytest.raises(NoQuota):
        hierarchy(tmp_path)
