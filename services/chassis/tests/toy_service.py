"""A service of one RPC, to be run as a process. It is ready while the file READY_FILE exists, if one is named.

It says "working" when it begins to work, and works until SIGUSR1.
"""

import asyncio
import os
import signal
import time
from functools import partial
from pathlib import Path

import grpc
from google.protobuf.wrappers_pb2 import StringValue

from chassis import grpc_server, service
from chassis.grpc_server import GrpcServer
from chassis.service import Running
from chassis.settings import ServiceSettings, read_or_exit

SERVICE = "chassis.test.Echo"
# A stop that waits for what never ends takes so long that nobody takes it for a slow machine.
grpc_server._DRAIN_S = 300.0


async def compose(running: Running, server: GrpcServer) -> list[str]:
    crash, enough = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, enough.set)
    running.repeat("crash", partial(_crash_when_asked, crash), every_s=0.1)
    running.push_async_callback(_report, "closed")
    if "READY_FILE" in os.environ:
        running.checks["file"] = _file_exists

    async def say(request: StringValue, _call: object) -> StringValue:
        match request.value:
            case "who?":
                return StringValue(value=os.environ["INSTANCE_NAME"])
            case "crash":
                crash.set()
            case "block":
                time.sleep(30)  # noqa: ASYNC251 - a loop that hangs, while gRPC's own threads go on
            case "work":
                await _report("working")
                await enough.wait()
        return request

    handler = grpc.unary_unary_rpc_method_handler(
        say, request_deserializer=StringValue.FromString, response_serializer=StringValue.SerializeToString
    )
    server.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"Say": handler}),))
    return [SERVICE]


async def _crash_when_asked(crash: asyncio.Event) -> None:
    await crash.wait()
    crash.clear()
    raise RuntimeError("the background work failed")


async def _report(text: str) -> None:
    print(text, flush=True)


async def _file_exists() -> None:
    await asyncio.to_thread(Path(os.environ["READY_FILE"]).stat)


if __name__ == "__main__":
    settings = read_or_exit(ServiceSettings.read)
    service.run("toy", settings, compose)
