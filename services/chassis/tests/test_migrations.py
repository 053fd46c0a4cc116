import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from chassis import migrations
from chassis.migrations import MigrationError, migrate

CREATE = "CREATE TABLE item (id bigint CONSTRAINT item_pkey PRIMARY KEY);"
ADD = "ALTER TABLE item ADD COLUMN name text; INSERT INTO item VALUES (1, 'book');"

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch) -> Write:
    """`write(create="SQL", ...)` makes a package with these migrations, numbered in this order."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**scripts: str) -> str:
        directory = tmp_path / "toy_migrated" / "migrations"
        directory.mkdir(parents=True, exist_ok=True)
        (directory.parent / "__init__.py").touch()
        (directory / "README.md").write_text("not a migration")
        for number, (name, sql) in enumerate(scripts.items(), 1):
            (directory / f"{number:04}_{name}.sql").write_text(sql)
        return "toy_migrated"

    yield write
    sys.modules.pop("toy_migrated", None)


@pytest.fixture
async def dsn(database_for) -> str:
    return await database_for(None)


async def rows(dsn: str, sql: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_migrations_are_applied_once_and_in_their_order(write: Write, dsn: str):
    package = write(create_item=CREATE, add_name=ADD)

    assert await migrate(package, dsn) == ["0001_create_item.sql", "0002_add_name.sql"]
    assert await migrate(package, dsn) == []
    assert await rows(dsn, "SELECT * FROM item") == [(1, "book")]


async def test_a_new_migration_is_applied_alone(write: Write, dsn: str):
    await migrate(write(create_item=CREATE), dsn)

    assert await migrate(write(create_item=CREATE, add_name=ADD), dsn) == ["0002_add_name.sql"]


async def test_concurrent_runs_apply_each_migration_once(write: Write, dsn: str):
    package = write(create_item=CREATE, add_name=ADD)

    applied = await asyncio.gather(*(migrate(package, dsn) for _ in range(4)))

    assert sorted(applied, key=len) == [[], [], [], ["0001_create_item.sql", "0002_add_name.sql"]]
    assert await rows(dsn, "SELECT * FROM item") == [(1, "book")]


async def test_a_file_changed_after_it_was_applied_is_refused_and_nothing_after_it_runs(write: Write, dsn: str):
    await migrate(write(create_item=CREATE), dsn)

    with pytest.raises(MigrationError, match=r"^0001_create_item\.sql was changed after it was applied"):
        await migrate(write(create_item=CREATE + " ", add_name=ADD), dsn)

    assert await rows(dsn, "SELECT name FROM schema_migrations") == [("0001_create_item.sql",)]


async def test_a_migration_that_fails_leaves_nothing_half_applied(write: Write, dsn: str):
    package = write(create_item=CREATE, add_name=ADD + "SELECT no_such_column FROM item;", never="SELECT 1;")

    with pytest.raises(MigrationError, match=r'^0002_add_name.sql: column "no_such_column" does not exist$'):
        await migrate(package, dsn)

    assert await rows(dsn, "SELECT name FROM schema_migrations") == [("0001_create_item.sql",)]
    assert await rows(dsn, "SELECT column_name FROM information_schema.columns WHERE table_name = 'item'") == [("id",)]
    assert await migrate(write(create_item=CREATE, add_name=ADD, never="SELECT 1;"), dsn) == [
        "0002_add_name.sql",
        "0003_never.sql",
    ]


async def test_a_database_that_never_answers_is_given_up(write: Write, monkeypatch):
    monkeypatch.setattr(migrations, "_PATIENCE_S", 0.3)

    with pytest.raises(MigrationError, match="did not answer within"):
        await migrate(write(create_item=CREATE), "postgresql://nobody@127.0.0.1:1/none")


def run(monkeypatch, *packages: str, **environment: str) -> int:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(sys, "argv", ["migrations", *packages])
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return migrations.main()


def test_the_command_says_what_it_applied(write: Write, dsn: str, monkeypatch, capsys):
    package = write(create_item=CREATE)

    assert run(monkeypatch, package, DATABASE_URL=dsn) == 0
    assert run(monkeypatch, package, TOY_MIGRATED_DATABASE_URL=dsn) == 0
    assert capsys.readouterr().out == "toy_migrated: 0001_create_item.sql\ntoy_migrated: up to date\n"


@pytest.mark.parametrize(
    ("package", "reason"),
    [("no_such_package", "there is no package no_such_package"), ("email", "email has no migrations")],
)
def test_the_command_refuses_a_package_without_any_in_one_line(package, reason, dsn: str, monkeypatch, capsys):
    assert run(monkeypatch, package, DATABASE_URL=dsn) == 1
    assert capsys.readouterr().err == f"migration failed: {reason}\n"


def test_the_command_tells_failed_sql_in_one_line(write: Write, dsn: str, monkeypatch, capsys):
    assert run(monkeypatch, write(break_it="SELEC 1"), DATABASE_URL=dsn) == 1

    assert capsys.readouterr().err == 'migration failed: 0001_break_it.sql: syntax error at or near "SELEC"\n'


def test_the_command_without_a_database_names_the_setting(write: Write, monkeypatch, capsys):
    assert run(monkeypatch, write(create_item=CREATE)) == 1
    assert capsys.readouterr().err == "migration failed: DATABASE_URL is not set\n"


def test_the_command_without_a_package_tells_its_use(monkeypatch, capsys):
    assert run(monkeypatch) == 2
    assert capsys.readouterr().err.startswith("usage: ")


async def test_a_migration_that_waits_for_a_lock_lets_readers_pass(write: Write, dsn: str):
    await migrate(write(create_item=CREATE), dsn)
    holder, reader = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    holding = holder.transaction()
    await holding.start()
    await holder.execute("LOCK TABLE item IN ACCESS SHARE MODE")
    migrating = asyncio.create_task(migrate(write(create_item=CREATE, add_name=ADD), dsn))
    while not await reader.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
        await asyncio.sleep(0.01)

    async with asyncio.timeout(30):
        await reader.fetch("SELECT id FROM item")
        assert not migrating.done()
        await holding.rollback()
        assert await migrating == ["0002_add_name.sql"]
    await holder.close()
    await reader.close()
