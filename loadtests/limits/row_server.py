"""grpc.aio to asyncpg, a row by its key: `python -m loadtests.limits.row_server PORT`, with DATABASE_URL."""

import os
import sys
from typing import Any

import asyncpg
import grpc
import uvloop

from agora.catalog.v1 import catalog_pb2, catalog_pb2_grpc

_ROW = "SELECT id, name, price_cents, quantity FROM items WHERE id = $1"


class Rows(catalog_pb2_grpc.CatalogServiceServicer):
    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def BatchGetItems(  # noqa: N802 - the proto's name
        self, request: catalog_pb2.BatchGetItemsRequest, _context: Any
    ) -> catalog_pb2.BatchGetItemsResponse:
        row = await self._pool.fetchrow(_ROW, int(request.item_ids[0]))
        assert row is not None
        item = catalog_pb2.Item(
            item_id=str(row["id"]), name=row["name"], price_cents=row["price_cents"], quantity=row["quantity"]
        )
        return catalog_pb2.BatchGetItemsResponse(items=[item])


async def serve(port: int) -> None:
    async with asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=10) as pool:
        server = grpc.aio.server()
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(Rows(pool), server)  # type: ignore[abstract]  # one RPC is all it needs
        server.add_insecure_port(f"127.0.0.1:{port}")
        await server.start()
        await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
