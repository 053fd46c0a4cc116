"""Identity of the Redis server behind the URL: what one server holds counts for nothing on another.

A server that comes back with an old snapshot, and a replica that takes over without the last deletions, show copies
that a writer had deleted. So copies bear the id of the run of the server on which they were filled, and every
connection is checked to lead to the same one.
"""

from typing import Any, Final

from redis.asyncio import Connection, Redis
from redis.exceptions import ConnectionError as RedisConnectionError

_RUN_ID: Final = b"run_id:"
_ID_LENGTH: Final = 8


class RedisServer:
    """`run_id` is that of the server all connections of the client lead to."""

    def __init__(self, redis: "Redis") -> None:
        self._pool: Any = redis.connection_pool  # its methods are untyped
        self._pool.connection_kwargs["redis_connect_func"] = self._greet
        self._has_changed = False
        self.run_id = ""

    async def follow(self) -> None:
        """Take the next server for the one that is meant, if there was another than before."""
        if self._has_changed:
            await self._pool.disconnect(inuse_connections=False)
            self.run_id = ""
            self._has_changed = False

    async def _greet(self, connection: Connection) -> None:
        """Raises redis.exceptions.ConnectionError when the connection leads to another server."""
        await connection.on_connect()
        await connection.send_command("INFO", "server")
        run_id = _run_id_of(await connection.read_response())
        self.run_id = self.run_id or run_id
        if run_id != self.run_id:
            self._has_changed = True
            raise RedisConnectionError("another Redis server")


def _run_id_of(answer: bytes) -> str:
    line = next(line for line in answer.splitlines() if line.startswith(_RUN_ID))
    return line.removeprefix(_RUN_ID).decode()[:_ID_LENGTH]
