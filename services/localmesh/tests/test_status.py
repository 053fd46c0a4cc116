"""What is said of a process that ends while it is looked at."""

import subprocess
import sys

from localmesh.process import MeshProcess, Program, Tier
from localmesh.status import describe


def test_a_process_that_has_just_ended_and_is_not_reaped_yet_is_told_of_as_restarting(tmp_path):
    program = Program("catalog-0", "catalog", Tier.SERVICE, None, None, tmp_path / "log", {"metrics": 1})
    process = MeshProcess(program, lambda: None)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    process._running = ended
    process._wanted.set()
    told = describe(process)
    assert (told["pid"], told["health"], told["rss_bytes"]) == (ended.pid, "restarting", None)
