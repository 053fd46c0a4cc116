"""Links of a mesh: a TCP proxy from each process to each one it calls, so that one path alone can fail."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from localmesh.errors import MeshError
from localmesh.ports import HOST, PortBlock
from localmesh.replicas import Replica
from localmesh.stores import Stores
from localmesh.tcp_proxy import Condition, TcpProxy

STORE_OF_VARIABLE = {"DATABASE_URL": "postgres", "REDIS_URL": "cache", "STREAM_URL": "stream"}


class Links:
    def __init__(self, stores: Stores, replicas: list[Replica], ports: PortBlock) -> None:
        self._stores = stores
        self._replicas = replicas
        addresses = {name: store.port for name, store in stores.named().items()}
        addresses |= {replica.name: replica.port for replica in replicas if replica.port}
        self._ports = {
            (caller.name, callee): ports.take() for caller in replicas for callee in _callees(caller, replicas)
        }
        self._proxies = {link: TcpProxy(HOST, addresses[link[1]]) for link in self._ports}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield the names of each caller and its callee."""
        return iter(self._ports)

    async def start(self) -> None:
        for link, proxy in self._proxies.items():
            await proxy.start(HOST, self._ports[link])

    async def aclose(self) -> None:
        for proxy in self._proxies.values():
            await proxy.aclose()

    def set_condition(self, caller: str, callee: str, condition: Condition) -> None:
        if (caller, callee) not in self._proxies:
            raise MeshError(f"no link from {caller!r} to {callee!r}")
        self._proxies[caller, callee].set_condition(condition)

    def seen_by(self, caller: Replica) -> tuple[Stores, list[Replica]]:
        """Return the stores and replicas at the addresses that this caller is to use."""
        ports = {callee: port for (name, callee), port in self._ports.items() if name == caller.name}
        replicas = [replace(replica, port=ports.get(replica.name, replica.port)) for replica in self._replicas]
        return self._stores.at(ports), replicas


def _callees(caller: Replica, replicas: Iterable[Replica]) -> list[str]:
    needs = caller.service.needs
    stores = [store for variable, store in STORE_OF_VARIABLE.items() if any(need.endswith(variable) for need in needs)]
    return stores + [replica.name for replica in replicas if f"{replica.service.name.upper()}_TARGET" in needs]
