"""Throwaway PostgreSQL and Valkey servers for tests: real, empty, ready in about a second, gone at the end."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen, TimeoutExpired
from types import TracebackType
from typing import Self

from localmesh.errors import StartupError
from localmesh.ports import PortBlock
from localmesh.postgres import Postgres
from localmesh.valkey import CACHE_RULES, STREAM_RULES, Valkey

READY_WITHIN_SECONDS = 30
STOPPED_WITHIN_SECONDS = 10


class EmbeddedStores:
    """``with EmbeddedStores(tmp_path) as stores: ...``. Does not fsync: the data is not meant to be kept."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = ExitStack()

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as starting:
            ports = starting.enter_context(PortBlock(self._directory))
            password = secrets.token_hex(16)
            self._postgres = Postgres(self._directory / "postgres", ports.take(), password, durable=False)
            self._cache = Valkey(self._directory / "cache", ports.take(), password, CACHE_RULES)
            self._stream = Valkey(self._directory / "stream", ports.take(), password, STREAM_RULES)
            for store in (self._cache, self._stream, self._postgres):
                store.prepare()
                starting.enter_context(self._started(store))
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def postgres_dsn(self, database: str = "postgres") -> str:
        """The superuser's DSN. Creating ``database`` is left to the caller."""
        return self._postgres.dsn(database)

    @property
    def redis_url(self) -> str:
        return self._cache.url

    @property
    def stream_url(self) -> str:
        return self._stream.url

    @contextmanager
    def _started(self, store: Postgres | Valkey) -> Iterator[None]:
        log = self._directory / f"{store.directory.name}.log"
        with log.open("ab") as output:
            process = store.launch(output.fileno())
        try:
            _wait_until(lambda: store.is_ready(process.pid), process, log)
            yield
        finally:
            _stop(process, store)


def _wait_until(is_ready: Callable[[], bool], process: Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StartupError(f"{log.stem} did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.01)


def _stop(process: Popen[bytes], store: Postgres | Valkey) -> None:
    process.send_signal(store.stop_signal)
    try:
        process.wait(STOPPED_WITHIN_SECONDS)
    except TimeoutExpired:
        process.kill()
        process.wait()
