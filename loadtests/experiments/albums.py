"""S4: albums uploaded and shown, likes and dislikes, and their counts, in the four parts of the seed."""

from loadtests.experiments import albums_reads, albums_throughput, votes_rate
from loadtests.experiments.albums_cells import CACHE, NAME
from loadtests.experiments.lab import MESH_S, Extent, Lab
from loadtests.experiments.mesh import MeshWish

__all__ = ["NAME", "expected_s", "run"]


def expected_s(extent: Extent) -> float:
    parts = albums_throughput.expected_s(extent) + votes_rate.expected_s(extent) + albums_reads.expected_s(extent)
    return MESH_S + parts


def run(lab: Lab) -> None:
    # Two gateways, of which only the second part uses both.
    mesh = lab.mesh(MeshWish(CACHE, albums_throughput.SERVERS))
    albums_throughput.measure_groups(lab, mesh)
    albums_throughput.measure_servers(lab, mesh)
    votes_rate.measure_rate(lab, mesh)
    albums_reads.measure_reads(lab, mesh)
