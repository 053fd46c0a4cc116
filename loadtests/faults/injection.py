"""Injection of a scheduled fault into a mesh: it begins with a block and has ended after it."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from loadtests.faults import store_faults
from loadtests.faults.fault_schedule import Fault, Kind
from loadtests.faults.mesh import Link, Mesh
from localmesh.tcp_proxy import HEALTHY, Condition

CONDITIONS = {
    Kind.PARTITION: Condition(stall_requests=True, stall_replies=True),
    Kind.LOST_REQUESTS: Condition(stall_requests=True),
    Kind.LOST_REPLIES: Condition(stall_replies=True),
    Kind.RESETS: Condition(reset=True),
    Kind.LATENCY: Condition(delay_s=0.1),
    Kind.PACKET_LOSS: Condition(loss=0.05),
}


Injection = AbstractAsyncContextManager[None]


def injected(fault: Fault, mesh: Mesh, item_id: str) -> Injection:
    """`item_id` is the item that is locked, should the fault be that one."""
    if fault.kind in CONDITIONS:
        return links_set(mesh, fault.links, CONDITIONS[fault.kind])
    injections: dict[Kind, Callable[[], Injection]] = {
        Kind.KILL: lambda: killed(mesh, fault.processes),
        Kind.PAUSE: lambda: paused(mesh, fault.processes),
        Kind.CACHE_CONNECTIONS: lambda: store_faults.cache_at_connection_limit(mesh.cache_url),
        Kind.DATABASE_CONNECTIONS: lambda: store_faults.database_at_connection_limit(mesh.postgres, fault.database),
        Kind.READ_ONLY: lambda: store_faults.read_only(mesh.postgres),
        Kind.DISK_FULL: lambda: store_faults.disk_full(mesh.postgres, fault.database),
        Kind.SLOW_DISK: lambda: store_faults.slow_disk(mesh.postgres),
        Kind.LOCKED_ITEM: lambda: store_faults.locked_item(mesh.postgres, item_id),
    }
    return injections[fault.kind]()


@asynccontextmanager
async def killed(mesh: Mesh, names: Iterable[str]) -> AsyncIterator[None]:
    """SIGKILL; the mesh starts them again by itself."""
    for name in names:
        await mesh.kill(name)
    yield


@asynccontextmanager
async def away(mesh: Mesh, names: Iterable[str]) -> AsyncIterator[None]:
    """SIGKILL; they stay down until the block ends, after which they are ready."""
    for name in names:
        await mesh.kill(name, stay_down=True)
    try:
        yield
    finally:
        for name in names:
            await mesh.start(name)


@asynccontextmanager
async def paused(mesh: Mesh, names: Iterable[str]) -> AsyncIterator[None]:
    try:
        for name in names:
            await mesh.pause(name)
        yield
    finally:
        for name in names:
            await mesh.resume(name)


@asynccontextmanager
async def links_set(mesh: Mesh, links: Iterable[Link], condition: Condition) -> AsyncIterator[None]:
    try:
        for link in links:
            await mesh.set_link(link, condition)
        yield
    finally:
        for link in links:
            await mesh.set_link(link, HEALTHY)
