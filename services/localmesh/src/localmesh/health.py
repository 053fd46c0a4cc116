"""Asks a process whether it is ready, over the protocol it serves."""

import asyncio
import http.client
import json
from typing import Protocol

import grpc
from grpc_health.v1 import health_pb2

from localmesh.plan import Readiness
from localmesh.ports import HOST
from localmesh.postgres import Postgres
from localmesh.prometheus import Prometheus
from localmesh.replicas import Replica
from localmesh.valkey import Valkey

ANSWER_WITHIN_SECONDS = 2.0
CHANNEL_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 200),
)


class Probe(Protocol):
    async def is_ready(self, pid: int) -> bool: ...


class GrpcProbe:
    def __init__(self, port: int) -> None:
        channel = grpc.aio.insecure_channel(f"ipv4:{HOST}:{port}", options=CHANNEL_OPTIONS)
        self._check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )

    async def is_ready(self, _pid: int) -> bool:
        try:
            answer = await self._check(health_pb2.HealthCheckRequest(), timeout=ANSWER_WITHIN_SECONDS)
        except grpc.aio.AioRpcError:
            return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


class HttpProbe:
    def __init__(self, port: int) -> None:
        self._port = port

    async def is_ready(self, _pid: int) -> bool:
        return await asyncio.to_thread(self._ask)

    def _ask(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER_WITHIN_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def unreachable_from(port: int) -> list[str]:
    """Names what a gateway reports as down; a gateway that does not answer reports itself."""
    connection = http.client.HTTPConnection(HOST, port, timeout=ANSWER_WITHIN_SECONDS)
    try:
        connection.request("GET", "/readyz")
        dependencies = json.load(connection.getresponse())["dependencies"]
    except (OSError, http.client.HTTPException, ValueError, KeyError):
        return ["gateway"]
    finally:
        connection.close()
    return [name for name, state in dependencies.items() if state == "down"]


class StoreProbe:
    def __init__(self, store: Postgres | Valkey | Prometheus) -> None:
        self._store = store

    async def is_ready(self, pid: int) -> bool:
        return await asyncio.to_thread(self._store.is_ready, pid)


def probe_of(replica: Replica) -> Probe:
    return (GrpcProbe if replica.service.readiness is Readiness.GRPC else HttpProbe)(replica.ready_port)
