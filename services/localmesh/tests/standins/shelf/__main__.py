"""A stand-in gRPC service: grpc.health.v1 on GRPC_PORT and nothing else, or an end at once on demand."""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def main() -> None:
    if os.environ.get("STANDIN_SHELF") == "crash":
        sys.exit("cannot find my settings")
    # Waited for instead of handled: a second SIGTERM during a handler would find it holding its own lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    server = grpc.server(ThreadPoolExecutor(2))
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"{os.environ['LISTEN_HOST']}:{os.environ['GRPC_PORT']}")
    server.start()
    # Before anybody is told, so that who sees it ready finds the line.
    print(f"serving {os.environ['INSTANCE_NAME']}", flush=True)
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    signal.sigwait({signal.SIGTERM})
    server.stop(1).wait()


if __name__ == "__main__":
    main()
