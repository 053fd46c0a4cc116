"""A service of one RPC, to be run as a process. It is ready while the file READY_FILE exists, if one is named."""

import asyncio
import os
from pathlib import Path

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from chassis import service
from chassis.grpc_server import GrpcServer
from chassis.service import Running
from chassis.settings import ServiceSettings, read_or_exit

SERVICE = "chassis.test.Echo"


async def compose(running: Running, server: GrpcServer) -> list[str]:
    crash = asyncio.Event()
    running.in_background(_crash_when_asked(crash))
    running.push_async_callback(_report, "closed")
    if "READY_FILE" in os.environ:
        running.checks["file"] = _file_exists

    async def say(request: StringValue, _call: object) -> StringValue:
        match request.value:
            case "who?":
                return StringValue(value=os.environ["INSTANCE_NAME"])
            case "crash":
                crash.set()
            case "work":
                await asyncio.sleep(1.0)
        return request

    handler = grpc.unary_unary_rpc_method_handler(
        say, request_deserializer=StringValue.FromString, response_serializer=StringValue.SerializeToString
    )
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Say": handler}),))
    return [SERVICE]


async def _crash_when_asked(crash: asyncio.Event) -> None:
    await crash.wait()
    raise RuntimeError("the background work failed")


async def _report(text: str) -> None:
    print(text, flush=True)


async def _file_exists() -> None:
    await asyncio.to_thread(Path(os.environ["READY_FILE"]).stat)


if __name__ == "__main__":
    settings = read_or_exit(ServiceSettings.read)
    service.run("toy", settings, compose)
