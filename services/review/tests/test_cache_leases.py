"""Cache leases over gRPC."""

import pytest
from agora.review.v1.cache_lease_pb2_grpc import CacheLeaseServiceStub, add_CacheLeaseServiceServicer_to_server

from agora.review.v1 import cache_lease_pb2 as pb
from chassis.cache_leases import CacheLeaseServicer
from chassis.cache_state import LEASE_S, CacheState
from chassis.grpc_client import call


@pytest.fixture
async def state(open_database) -> CacheState:
    return CacheState(await open_database("review"))


async def test_lease_is_granted_unless_suspended(state, serve, channel_to):
    served = await serve(add_CacheLeaseServiceServicer_to_server, CacheLeaseServicer(state, pb.GetCacheLeaseResponse))
    stub = CacheLeaseServiceStub(channel_to(served.target))

    async def lease() -> pb.GetCacheLeaseResponse:
        return await call(stub.GetCacheLease, pb.GetCacheLeaseRequest(), pb.GetCacheLeaseResponse)

    assert await lease() == pb.GetCacheLeaseResponse(generation=1, lease_ms=int(LEASE_S * 1000))
    await state.suspend()
    assert await lease() == pb.GetCacheLeaseResponse(generation=2, lease_ms=0)
