"""Applies a service's `migrations/NNNN_verb_object.sql` in order, each once, each in a transaction.

    python -m chassis.migrations catalog order    with CATALOG_DATABASE_URL and ORDER_DATABASE_URL
    python -m chassis.migrations catalog          with DATABASE_URL, or CATALOG_DATABASE_URL

An advisory lock makes concurrent runs wait for each other. A file that was applied and then changed is an error:
the database is what the files say, or nothing at all.
"""

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import asyncpg

from chassis.settings import Environment, SettingsError

_LOCK: Final = 0x41474F5241  # "AGORA"
_PATIENCE_S: Final = 60.0
# A migration waits for its locks for a moment only, and then tries again: who comes later queues behind it meanwhile.
# It may work as long as it takes, but hold nothing when it is gone.
_SET_TIMEOUTS: Final = """
SET lock_timeout = '1s';
SET statement_timeout = 0;
SET idle_in_transaction_session_timeout = '60s'"""
_CREATE: Final = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name       text        CONSTRAINT schema_migrations_pkey PRIMARY KEY,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


class MigrationError(Exception):
    """A migration cannot be applied; the message is one line for the operator."""


def scripts_of(package: str) -> Iterator[tuple[str, str]]:
    """Names and texts of a package's migrations, in the order of their numbers."""
    try:
        directory = files(package).joinpath("migrations")
    except ModuleNotFoundError:
        raise MigrationError(f"there is no package {package}") from None
    if not directory.is_dir():
        raise MigrationError(f"{package} has no migrations")
    for script in sorted(directory.iterdir(), key=lambda entry: entry.name):
        if script.name.endswith(".sql"):
            yield script.name, script.read_text("utf-8")


class SchemaCheck:
    """Readiness: the migrations of a package are applied. Looked at until it is so, and then never again."""

    def __init__(self, package: str, dsn: str) -> None:
        self._dsn = dsn
        self._expected = {name for name, _ in scripts_of(package)}
        self._is_complete = False

    async def __call__(self) -> None:
        """Raises MigrationError, or whatever keeps the database from answering."""
        if self._is_complete:
            return
        connection = await asyncpg.connect(self._dsn, timeout=1.0)
        try:
            applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migrations")}
        finally:
            await connection.close(timeout=1.0)
        if missing := self._expected - applied:
            raise MigrationError(f"not migrated yet: {', '.join(sorted(missing))}")
        self._is_complete = True


async def migrate(package: str, dsn: str) -> list[str]:
    """Bring one database up to date; returns the names of the migrations that were applied now."""
    connection = await _connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_SET_TIMEOUTS)
        await connection.execute(_CREATE)
        applied = {
            row["name"]: row["sha256"] for row in await connection.fetch("SELECT name, sha256 FROM schema_migrations")
        }
        return [name for name, sql in scripts_of(package) if await _apply(connection, name, sql, applied.get(name))]
    finally:
        await connection.close()


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", name: str, sql: str, applied: str | None) -> bool:
    digest = hashlib.sha256(sql.encode()).hexdigest()
    if applied == digest:
        return False
    if applied is not None:
        raise MigrationError(f"{name} was changed after it was applied; write a new migration instead")
    try:
        await _run(connection, sql, name, digest)
    except asyncpg.PostgresError as error:
        raise MigrationError(f"{name}: {error}") from error
    return True


async def _run(connection: "asyncpg.Connection[asyncpg.Record]", sql: str, name: str, digest: str) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            async with connection.transaction():
                await connection.execute(sql)
                await connection.execute("INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", name, digest)
        except asyncpg.LockNotAvailableError:
            if time.monotonic() > give_up:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Wait for a database that is still starting, as it may in a cluster where everything starts at once."""
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return await asyncpg.connect(dsn, timeout=5.0)
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            if time.monotonic() > give_up:
                raise MigrationError(f"the database did not answer within {_PATIENCE_S:.0f} s: {error}") from error
            await asyncio.sleep(0.2)


async def _migrate_all(packages: list[str]) -> None:
    environment = Environment(os.environ)
    for package in packages:
        name = f"{package.upper()}_DATABASE_URL"
        alone = len(packages) == 1 and not os.environ.get(name)
        applied = await migrate(package, environment.url("DATABASE_URL" if alone else name, "postgresql", "postgres"))
        print(f"{package}: " + (", ".join(applied) if applied else "up to date"), flush=True)


def main() -> int:
    if len(sys.argv) < 2:
        print("usage: python -m chassis.migrations PACKAGE...", file=sys.stderr)
        return 2
    try:
        asyncio.run(_migrate_all(sys.argv[1:]))
    except (MigrationError, SettingsError, asyncpg.PostgresError) as error:
        print(f"migration failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
