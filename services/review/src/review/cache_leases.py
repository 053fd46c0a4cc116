"""agora.review.v1.CacheLeaseService over the cache state of the service."""

from agora.review.v1.cache_lease_pb2 import GetCacheLeaseResponse
from agora.review.v1.cache_lease_pb2_grpc import add_CacheLeaseServiceServicer_to_server

from chassis.cache_leases import CacheLeaseServicer
from chassis.cache_state import CacheState
from chassis.grpc_server import GrpcServer


def serve_cache_leases(server: GrpcServer, state: CacheState) -> str:
    """Registers the service on a server; returns its full proto name."""
    servicer = CacheLeaseServicer(state, GetCacheLeaseResponse)
    add_CacheLeaseServiceServicer_to_server(servicer, server.server)  # type: ignore[arg-type] # it only calls the RPC
    return "agora.review.v1.CacheLeaseService"
