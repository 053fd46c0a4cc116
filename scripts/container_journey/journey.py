"""What people and load generators do to the shop in containers: the tests of the whole mesh, then Locust's users."""
# ruff: noqa: S603 - runs what the settings name

import os
import subprocess
import sys
from typing import Final

from scripts.container_journey.engine import Engine
from scripts.container_journey.shop import Shop

# Of the tests in tests/mesh those that need neither sample items nor a process of the mesh to kill.
_JOURNEY: Final = (
    "tests/mesh/test_journey.py",
    "tests/mesh/test_first_minute.py::test_the_books_of_a_topic_are_listed",
    "tests/mesh/test_first_minute.py::test_the_command_line_searches_looks_up_and_buys",
    "tests/mesh/test_first_minute.py::test_the_operator_sets_what_a_book_costs_and_nobody_else",
    "tests/mesh/test_first_minute.py::test_a_book_that_is_out_of_stock_says_so",
    "tests/mesh/test_albums.py::test_an_album_with_a_large_image_comes_back_as_it_was_uploaded",
    "tests/mesh/test_albums.py::test_votes_are_counted_and_counts_never_go_back",
)
_LOAD: Final = ("--users=12", "--spawn-rate=12", "--run-time=15s", "--think-time=0.05-0.1")


def travel(shop: Shop) -> None:
    """Ends the script when a test fails."""
    tests = [sys.executable, "-m", "pytest", "-n0", "-p", "scripts.container_journey.this_mesh", *_JOURNEY]
    where = {"AGORA_URL": shop.url, "AGORA_LOCAL_DIR": str(shop.state), "XDG_STATE_HOME": str(shop.state)}
    if subprocess.run(tests, env=os.environ | where, check=False).returncode:
        raise SystemExit("the journey failed")


def load(engine: Engine, shop: Shop) -> None:
    """Every kind of user, from the image of the load tests. Ends the script when an answer is untrue."""
    files = "/opt/agora/loadtests/locustfile.py,/opt/agora/loadtests/locust_metrics.py"
    # How fast they are answered says nothing of containers that share the machine with everything else.
    where = (f"--host={shop.url}", f"--monolith={shop.monolith}", "--max-p95-ms=60000")
    engine.run("loadtests", "locust", f"--locustfile={files}", "--headless", "--only-summary", *where, *_LOAD)
