"""Every query fits the migrated schema, and none is left over."""

import re
from importlib.resources import files

from chassis.queries import Queries

QUERIES = Queries.of_package("catalog")


async def test_every_query_can_be_prepared(connection, subtests):
    for name, sql in QUERIES.items():
        with subtests.test(name=name):
            await connection.prepare(sql)


def test_every_query_is_used_and_every_used_one_exists():
    modules = [*files("catalog").rglob("*.py"), files("chassis") / "idempotency.py"]
    source = "\n".join(path.read_text("utf-8") for path in modules)
    called = set(re.findall(r"(?:fetch|fetchmany|fetchrow|execute)\(\s*\"(\w+)\"", source))
    called |= set(re.findall(r"queries\[\"(\w+)\"\]", source))
    assert called == set(QUERIES)
