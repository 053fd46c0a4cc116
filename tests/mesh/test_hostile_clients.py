"""A gateway and a monolith under clients that never finish what they begin, and what honest clients notice of it.

A second gateway of the same mesh, which nobody attacks, tells what the machine itself is doing to latencies meanwhile.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

import psutil
import pytest

from .conftest import Mesh, running_mesh
from .honest_clients import Latencies, Searcher, Shoppers
from .hostile_clients import GATEWAY_ATTACKS, MONOLITH_ATTACKS

MEBIBYTE = 2**20
MAX_GROWTH_BYTES, MAX_REMAINDER_BYTES = 64 * MEBIBYTE, 32 * MEBIBYTE
MAX_READ_S, MAX_SIGN_IN_S = 0.1, 3.0
# The control's gateway shares two cores with the attacked one, the attacker and the tests of another process: a read
# that waits for the attacked event loop as long as the attack lasts is slower by a factor of hundreds.
MOST_SLOWER = 10
# Searches are not cached.
MAX_SEARCH_S = 0.5
# A time of twenty milliseconds may double by a single pause of the machine.
LEAST_ORDER_S = 0.1


@pytest.fixture(scope="module")
def abused() -> Iterator[Mesh]:
    with running_mesh("--gateways", "2", RECEIVE_TIMEOUT_S="3") as mesh:
        yield mesh


@pytest.fixture(scope="module")
def shoppers(abused):
    """Of the gateway that is attacked, and of the other."""
    attacked, other = (Shoppers(url) for url in abused.description["gateways"])
    with closing(attacked), closing(other):
        with attacked.working(), other.working():
            time.sleep(2)
        yield attacked, other


class Memory:
    """RSS of a process: before, and the greatest while the block lasts."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self.before = self.peak = self.now()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def now(self) -> int:
        return int(self._process.memory_info().rss)

    def returns(self) -> bool:
        """Within some seconds: connections are gone once the event loop has noticed."""
        deadline = time.monotonic() + 20
        while self.now() - self.before > MAX_REMAINDER_BYTES and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.now() - self.before <= MAX_REMAINDER_BYTES

    def _sample(self) -> None:
        while not self._stopping.wait(0.05):
            self.peak = max(self.peak, self.now())


@contextmanager
def attacking(name: str, address: str) -> Iterator[None]:
    """The block, and then the rest of the attack. Fails unless every connection was closed that has to be."""
    attack = (GATEWAY_ATTACKS | MONOLITH_ATTACKS)[name]
    script = Path(__file__).with_name("hostile_clients.py")
    command = ["nice", sys.executable, script, name, *address.rsplit(":", 1)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield
        counts = json.loads(process.communicate()[0])
    assert not attack.is_closed or counts == {"opened": attack.connections, "closed": attack.connections}


def slower(latencies: Latencies, than: Latencies, what: str, percent: int) -> float:
    """How many times slower."""
    return latencies.percentile(what, percent) / than.percentile(what, percent)


@pytest.mark.parametrize("attack", GATEWAY_ATTACKS)
def test_honest_clients_do_not_notice_an_attack(abused, shoppers, attack):
    attacked, other = shoppers
    address = abused.url.removeprefix("http://")
    memory = Memory(abused.pid_of("gateway-0"))
    with memory, attacked.working() as latencies, other.working() as control, attacking(attack, address):
        time.sleep(3)
    assert memory.peak - memory.before < MAX_GROWTH_BYTES
    assert memory.returns(), (memory.before, memory.peak, memory.now())
    assert latencies.percentile("read", 99) < MAX_READ_S or slower(latencies, control, "read", 99) < MOST_SLOWER
    assert latencies.percentile("sign_in", 99) < MAX_SIGN_IN_S or slower(latencies, control, "sign_in", 99) < 2
    assert latencies.percentile("order", 50) < LEAST_ORDER_S or slower(latencies, control, "order", 50) < 2


@pytest.mark.parametrize("attack", MONOLITH_ATTACKS)
def test_honest_clients_of_the_monolith_do_not_notice_one(abused, attack):
    address = abused.description["monolith"]
    with closing(Searcher(address)) as searcher:
        with searcher.working() as control:
            time.sleep(2)
        with Memory(abused.pid_of("monolith-0")) as memory, searcher.working() as latencies, attacking(attack, address):
            time.sleep(3)
    assert memory.peak - memory.before < MAX_GROWTH_BYTES
    assert memory.returns(), (memory.before, memory.peak, memory.now())
    # Before the attack is another time than during it, so the machine may make more of a difference.
    assert latencies.percentile("search", 99) < MAX_SEARCH_S or slower(latencies, control, "search", 99) < MOST_SLOWER
