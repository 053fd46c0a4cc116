"""FastAPI to grpc.aio, one call a request: `python -m loadtests.limits.row_gateway PORT PORT_OF_ROW_SERVER`."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from agora.catalog.v1 import catalog_pb2, catalog_pb2_grpc


@asynccontextmanager
async def connected(app: FastAPI) -> AsyncIterator[None]:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{sys.argv[2]}") as channel:
        app.state.stub = catalog_pb2_grpc.CatalogServiceStub(channel)
        yield


app = FastAPI(lifespan=connected)


@app.get("/v1/items/{item_id}")
async def show_item(request: Request, item_id: str) -> Response:
    response = await request.app.state.stub.BatchGetItems(catalog_pb2.BatchGetItemsRequest(item_ids=[item_id]))
    item = response.items[0]
    body = {"item_id": item.item_id, "name": item.name, "price_cents": item.price_cents, "quantity": item.quantity}
    return Response(orjson.dumps(body), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False)
