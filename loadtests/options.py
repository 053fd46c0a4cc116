"""The command line's additions to Locust's own: what users do, how long they think, and when a run has failed."""

import json
import os
import random
from pathlib import Path
from typing import Any, Final

from locust import events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtests.think_time import think_time

MIXES: Final = ("browse", "balanced", "buy")
DEFAULT_URL: Final = "http://127.0.0.1:8080"


def running_mesh() -> dict[str, Any]:
    """What `mesh.json` says of the mesh on this machine; nothing when none runs."""
    try:
        published: dict[str, Any] = json.loads(
            (Path(os.environ.get("AGORA_LOCAL_DIR", ".local")) / "mesh.json").read_text()
        )
    except FileNotFoundError:
        return {}
    return published


def thinking(environment: Environment) -> float:
    """Seconds until the next action of a user."""
    assert environment.parsed_options is not None
    return random.uniform(*think_time(environment.parsed_options.think_time))  # noqa: S311 - to vary, not to be secret


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def _add_options(parser: LocustArgumentParser) -> None:
    group = parser.add_argument_group("Agora")
    group.add_argument("--mix", choices=MIXES, default="balanced", help="What users do more of.")
    group.add_argument("--think-time", default="0.5-2", metavar="LOW-HIGH", help="Seconds between two actions, 0.5-2.")
    group.add_argument("--shape", default="Steady", metavar="NAME", help="Ramp, Soak, Spike or Steady.")
    group.add_argument("--monolith", default=running_mesh().get("monolith") or "", metavar="HOST:PORT")
    group.add_argument("--flash-stock", type=int, default=1000, metavar="N", help="Units in a flash sale.")
    group.add_argument("--max-fail-ratio", type=float, default=0.0, metavar="X", help="More failures fail the run.")
    group.add_argument("--max-p95-ms", type=float, default=1000.0, metavar="MS", help="A slower 95 % fails the run.")
