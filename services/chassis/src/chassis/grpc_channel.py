"""A channel to every replica behind a target, in the place of gRPC's own."""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self

import grpc

from chassis.grpc_replicas import Replica, Replicas


class Budget:
    """Bounds what is sent again, so that a tier in trouble gets a fifth more calls at most, not twice as many."""

    _FULL: Final = 100.0
    _EARNED: Final = 0.2

    def __init__(self) -> None:
        self._tokens = self._FULL

    def earn(self) -> None:
        if self._tokens < self._FULL:
            self._tokens += self._EARNED

    def spend(self) -> bool:
        """Whether a call may be sent again."""
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Method:
    """An RPC with one answer, as every replica of a channel has it."""

    # Whether its request can be read again, and so sent again: a stream of messages cannot.
    is_repeatable = True

    def __init__(self, path: str, channel: "ReplicatedChannel", bind: Callable[[grpc.aio.Channel], Any]) -> None:
        self.name = path.removeprefix("/")
        self.replicas = channel.replicas
        self.budget = channel.budget
        self._bind = bind

    def start(self, replica: Replica, request: object, timeout_s: float, metadata: tuple[tuple[str, str], ...]) -> Any:
        """The call, begun."""
        bound = replica.methods.get(self.name)
        if bound is None:
            bound = replica.methods[self.name] = self._bind(replica.channel)
        return bound(request, timeout=timeout_s, metadata=metadata)


class StreamMethod(Method):
    is_repeatable = False


class ReplicatedChannel:
    """What generated stubs and `grpc_client` need of a channel; stubs take it for one of gRPC's (`open_channel`)."""

    def __init__(self, target: str) -> None:
        self.replicas = Replicas(target)
        self.budget = Budget()

    def unary_unary(self, path: str, *arguments: Any, **options: Any) -> Method:
        return Method(path, self, lambda channel: channel.unary_unary(path, *arguments, **options))

    def stream_unary(self, path: str, *arguments: Any, **options: Any) -> StreamMethod:
        return StreamMethod(path, self, lambda channel: channel.stream_unary(path, *arguments, **options))

    async def close(self) -> None:
        await self.replicas.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()
