"""Two meshes never get the same ports."""

from pathlib import Path

from localmesh.ports import PortBlock, is_free


def test_two_blocks_of_the_same_directory_do_not_share_a_port(tmp_path: Path):
    with PortBlock(tmp_path) as first, PortBlock(tmp_path) as second:
        assert not {first.take() for _ in range(20)} & {second.take() for _ in range(20)}


def test_a_directory_gets_the_same_ports_again(tmp_path: Path):
    with PortBlock(tmp_path) as ports:
        first = ports.take()
    with PortBlock(tmp_path) as ports:
        assert ports.take() == first
        assert is_free(first)
