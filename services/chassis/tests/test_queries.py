import pytest

from chassis.queries import Queries

SQL = """
-- What the shop asks.

-- item_by_id --
-- One row.
SELECT name FROM item WHERE id = $1;

-- count_items --
SELECT count(*)
  FROM item -- all of them --
"""


def test_queries_are_found_by_name():
    queries = Queries(SQL)

    assert list(queries) == ["item_by_id", "count_items"]
    assert len(queries) == 2
    assert queries["item_by_id"] == "-- One row.\nSELECT name FROM item WHERE id = $1;"
    assert queries["count_items"] == "SELECT count(*)\n  FROM item -- all of them --"


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError, match="no_such_query"):
        Queries(SQL)["no_such_query"]


def test_a_name_may_be_used_once():
    with pytest.raises(ValueError, match="used twice"):
        Queries("-- a --\nSELECT 1\n-- a --\nSELECT 2\n")


def test_sql_needs_a_name():
    with pytest.raises(ValueError, match="before the first query name"):
        Queries("SELECT 1;\n-- a --\nSELECT 2\n")


@pytest.mark.parametrize("name", ["ItemById", "item-by-id", "1st", "item by id"])
def test_a_name_that_cannot_be_one_is_not_swallowed_by_the_query_before_it(name: str):
    with pytest.raises(ValueError, match="not a query name"):
        Queries(f"-- a --\nSELECT 1\n-- {name} --\nSELECT 2\n")


@pytest.mark.parametrize("body", ["", "\n\n", "-- only words\n"])
def test_a_name_without_sql_is_refused(body: str):
    with pytest.raises(ValueError, match="'empty' has no SQL"):
        Queries(f"-- empty --\n{body}-- a --\nSELECT 1\n")


def test_a_file_without_queries_is_empty():
    assert dict(Queries("-- nothing yet\n")) == {}


def test_the_queries_of_a_package_are_those_of_its_file(tmp_path, monkeypatch):
    package = tmp_path / "toy_queries"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "queries.sql").write_text("-- greet --\nSELECT 'grüß dich'\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert dict(Queries.of_package("toy_queries")) == {"greet": "SELECT 'grüß dich'"}
