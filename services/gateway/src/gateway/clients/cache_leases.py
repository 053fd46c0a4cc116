"""Leases on cached copies, as the services grant them whose rows are cached."""

from typing import NamedTuple

from agora.catalog.v1.cache_lease_pb2_grpc import CacheLeaseServiceStub as CatalogStub
from agora.review.v1.cache_lease_pb2_grpc import CacheLeaseServiceStub as ReviewStub
from grpc.aio import Channel

from agora.catalog.v1 import cache_lease_pb2 as catalog
from agora.review.v1 import cache_lease_pb2 as review
from chassis.grpc_client import call


class Lease(NamedTuple):
    """Generation of the copies that may be read and filled, and for how long."""

    generation: int
    seconds: float


class CatalogLeases:
    def __init__(self, channel: Channel) -> None:
        self._stub = CatalogStub(channel)

    async def get(self) -> Lease:
        answer = await call(self._stub.GetCacheLease, catalog.GetCacheLeaseRequest(), catalog.GetCacheLeaseResponse)
        return Lease(answer.generation, answer.lease_ms / 1000)


class ReviewLeases:
    def __init__(self, channel: Channel) -> None:
        self._stub = ReviewStub(channel)

    async def get(self) -> Lease:
        answer = await call(self._stub.GetCacheLease, review.GetCacheLeaseRequest(), review.GetCacheLeaseResponse)
        return Lease(answer.generation, answer.lease_ms / 1000)
