"""What a service holds while it runs, without a process around it."""

import asyncio
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from chassis import readiness
from chassis.migrations import migrate
from chassis.service import Running
from chassis.settings import Environment, ServiceSettings

READY = {"postgresql": True, "schema": True}


@pytest.fixture(autouse=True)
def patient_checks(monkeypatch):
    monkeypatch.setattr(readiness, "_TIMEOUT_S", 30.0)


@pytest.fixture
def package(tmp_path, monkeypatch) -> str:
    directory = tmp_path / "toy_running"
    directory.mkdir()
    (directory / "__init__.py").touch()
    (directory / "migrations").mkdir()
    (directory / "migrations" / "0001_create_toys.sql").write_text("CREATE TABLE toys (id integer)")
    (directory / "queries.sql").write_text("-- name --\nSELECT current_setting('application_name') AS name\n")
    monkeypatch.syspath_prepend(tmp_path)
    return "toy_running"


def settings_for(dsn: str) -> ServiceSettings:
    environment = {
        "INSTANCE_NAME": "toy-1",
        "METRICS_PORT": "1",
        "GRPC_PORT": "1",
        "DATABASE_URL": dsn,
        "DATABASE_POOL_SIZE": "3",
    }
    return ServiceSettings.read(Environment(environment))


def connections(state: str) -> float | None:
    return REGISTRY.get_sample_value("db_client_connection_count", {"db_client_connection_state": state})


async def test_a_database_is_opened_measured_checked_and_closed(package: str, database_for):
    async with Running() as running:
        dsn = await database_for(None)
        database = await running.open_database(settings_for(dsn), package)

        assert (await database.fetchrow("name"))["name"] == "toy-1"
        assert await readiness.check_all(running.checks) == {"postgresql": True, "schema": False}
        await migrate(package, dsn)
        assert await readiness.check_all(running.checks) == READY
        assert (connections("idle"), connections("used")) == (1, 0)
        async with database.transaction():
            assert (connections("idle"), connections("used")) == (0, 1)

    assert await readiness.check_all(running.checks) == {"postgresql": False, "schema": True}


async def test_a_pool_in_full_use_is_busy_and_not_away(package: str, database_for):
    dsn = await database_for(None)
    await migrate(package, dsn)
    settings = replace(settings_for(dsn), pool_size=1)
    async with Running() as running:
        database = await running.open_database(settings, package)

        async with database.transaction():
            assert await readiness.check_all(running.checks) == READY


async def test_a_database_that_is_not_there_yet_is_not_ready_and_not_an_error(package: str):
    async with Running() as running:
        await running.open_database(settings_for("postgresql://nobody@127.0.0.1:1/none"), package)

        assert await readiness.check_all(running.checks) == {"postgresql": False, "schema": False}


async def test_what_is_entered_first_is_closed_last_and_background_work_is_ended():
    closed: list[str] = []
    begun = asyncio.Event()

    async def close(name: str) -> None:
        closed.append(name)

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            closed.append("work")

    async with Running() as running:
        running.push_async_callback(close, "store")
        running.repeat("work", work, every_s=0.1)
        running.push_async_callback(close, "server")
        await begun.wait()

    assert closed == ["server", "work", "store"]


async def test_what_postgresql_tells_of_the_database_is_published_while_it_is_open(package: str, database_for):
    async with Running() as running:
        database = await running.open_database(settings_for(await database_for(None)), package)
        while REGISTRY.get_sample_value("postgresql_backends") is None:
            await asyncio.sleep(0.01)
        assert REGISTRY.get_sample_value("postgresql_database_size_bytes") > 0
        assert REGISTRY.get_sample_value("postgresql_lock_waiters") == 0
        async with database.transaction() as transaction:
            await transaction.fetch("name")
        commits = REGISTRY.get_sample_value(
            "db_client_operation_duration_seconds_count", {"db_system_name": "postgresql", "db_query_summary": "COMMIT"}
        )
        assert commits >= 1
    assert REGISTRY.get_sample_value("postgresql_backends") is None
