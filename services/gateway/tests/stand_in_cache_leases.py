"""Cache leases of the catalog and the review service that nobody suspends."""

# ruff: noqa: N802 - RPCs are named by the protos

from typing import Any

from agora.catalog.v1.cache_lease_pb2_grpc import CacheLeaseServiceServicer as CatalogServicer
from agora.review.v1.cache_lease_pb2_grpc import CacheLeaseServiceServicer as ReviewServicer

from agora.catalog.v1 import cache_lease_pb2 as catalog
from agora.review.v1 import cache_lease_pb2 as review


class StandInCatalogLeases(CatalogServicer):
    async def GetCacheLease(self, _request: Any, _context: Any) -> catalog.GetCacheLeaseResponse:
        return catalog.GetCacheLeaseResponse(generation=1, lease_ms=600_000)


class StandInReviewLeases(ReviewServicer):
    async def GetCacheLease(self, _request: Any, _context: Any) -> review.GetCacheLeaseResponse:
        return review.GetCacheLeaseResponse(generation=1, lease_ms=600_000)
