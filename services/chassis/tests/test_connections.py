"""Which connections are closed at a limit, and when."""

import resource
import subprocess
import sys

import pytest

from chassis.connections import Connections
from chassis.open_files import RESERVED_FILES
from chassis.settings import ConnectionLimits


class FakeConnection:
    def __init__(self, peer="192.0.2.1", rank=(0, 0.0)):
        self.peer = peer
        self.rank = rank
        self.is_evicted = False
        self.limit = "head"

    def idle_rank(self):
        return self.rank

    def on_deadline(self):
        self.limit, limit = "", self.limit
        return limit

    def evict(self):
        self.is_evicted = True


def connections_of(limit, of_client, **options):
    return Connections(ConnectionLimits(connections=limit, connections_per_client=of_client), **options)


def admitted(connections, *candidates):
    return [connections.admit(candidate) for candidate in candidates]


def test_admit_closes_the_lowest_rank_at_the_limit():
    connections = connections_of(3, 3)
    busy, idle, fresh = FakeConnection(rank=None), FakeConnection(rank=(1, 1.0)), FakeConnection(rank=(0, 9.0))
    assert admitted(connections, busy, idle, fresh, FakeConnection(rank=None)) == [True] * 4
    assert [each.is_evicted for each in (busy, idle, fresh)] == [False, False, True]


def test_admit_rejects_when_all_are_being_answered():
    connections = connections_of(2, 2)
    busy = [FakeConnection(rank=None) for _ in range(2)]
    assert admitted(connections, *busy, FakeConnection()) == [True, True, False]
    connections.leave(busy[0])
    assert connections.admit(FakeConnection())


def test_a_client_at_its_limit_leaves_others_alone():
    connections = connections_of(4, 2)
    other = FakeConnection("192.0.2.9", rank=(0, 0.0))
    greedy = [FakeConnection(rank=(0, 1.0 + number)) for number in range(3)]
    assert all(admitted(connections, other, *greedy))
    assert [each.is_evicted for each in (other, *greedy)] == [False, True, False, False]


def test_a_shared_address_has_only_the_limit_of_all():
    connections = connections_of(4, 2, is_shared=lambda peer: peer == "10.0.0.1")
    assert all(admitted(connections, *(FakeConnection("10.0.0.1", None) for _ in range(4))))
    assert not connections.admit(FakeConnection("10.0.0.1"))


def test_the_longest_awaited_holders_give_their_memory_up():
    connections = Connections(ConnectionLimits(unfinished_bytes=1000))
    silent, *holders = (FakeConnection() for _ in range(4))
    for connection in (silent, *holders):
        connections.admit(connection)
        connections.expect(connection, 60)
    for holder in holders:
        connections.hold(holder, 400)
    assert [each.is_evicted for each in (silent, *holders)] == [False, True, False, False]
    connections.hold(holders[1], 0)
    connections.hold(holders[2], 950)
    assert not holders[2].is_evicted


def test_sweep_tells_whose_deadline_has_passed():
    connections = Connections(ConnectionLimits())
    late, early, settled = (FakeConnection() for _ in range(3))
    for connection, seconds in ((late, -1), (early, 60), (settled, -1)):
        connections.admit(connection)
        connections.expect(connection, seconds)
    connections.settle(settled)
    connections.sweep()
    assert [connection.limit for connection in (late, early, settled)] == ["", "head", "head"]


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "expected"),
    [(256, 8192, 4096, 4096), (256, 6000, 4096, 6000 - RESERVED_FILES), (256, 1024, 4096, 512), (8192, 8192, 10, 10)],
)
def test_connections_leave_files_for_the_process_itself(soft, hard, wanted, expected):
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this process may not open so many files")
    code = f"""
import resource
from chassis.open_files import connections_within_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(connections_within_open_files({wanted}))
"""
    assert int(subprocess.check_output([sys.executable, "-c", code])) == expected
