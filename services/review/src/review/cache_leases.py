"""agora.review.v1.CacheLeaseService over the cache state of the service."""

from typing import Any

from agora.review.v1.cache_lease_pb2_grpc import CacheLeaseServiceServicer, add_CacheLeaseServiceServicer_to_server

from agora.review.v1 import cache_lease_pb2 as pb
from chassis.cache_state import CacheState
from chassis.grpc_server import GrpcServer


class CacheLeaseServicer(CacheLeaseServiceServicer):
    def __init__(self, state: CacheState) -> None:
        self._state = state

    async def GetCacheLease(  # noqa: N802 - the proto's name
        self, _request: pb.GetCacheLeaseRequest, _context: Any
    ) -> pb.GetCacheLeaseResponse:
        lease = await self._state.lease()
        return pb.GetCacheLeaseResponse(generation=lease.generation, lease_ms=lease.milliseconds)


def serve_cache_leases(server: GrpcServer, state: CacheState) -> str:
    """Registers the service on a server; returns its full proto name."""
    add_CacheLeaseServiceServicer_to_server(CacheLeaseServicer(state), server.server)
    return "agora.review.v1.CacheLeaseService"
