"""A FastAPI route that does nothing: `python -m loadtests.limits.do_nothing PORT`."""

import sys

import uvicorn
from fastapi import FastAPI, Response

app = FastAPI()


@app.get("/v1/items/{item_id}")
async def show_item(item_id: str) -> Response:
    return Response(b'{"item_id":"' + item_id.encode() + b'"}', media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False)
