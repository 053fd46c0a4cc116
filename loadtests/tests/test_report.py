"""The report made of given figures: nothing is lost on the way, and the page needs nothing but itself."""

import json
import re
from dataclasses import replace

import pytest
from loadtests.experiments.results import Panel, Run, Series, Table
from loadtests.report import seeds
from loadtests.report.document import Document, machine_facts
from loadtests.report.page import render, write_report
from loadtests.report.tables import tables_of

CONTRACT = (
    "experiment", "transport", "cache", "operation", "clients", "operations", "runs", "throughput_per_s",
    "latency_ms", "tier_ms", "errors", "mesh_cpu_ms_per_operation",
)  # fmt: skip


def run(experiment, operation, clients, *, transport="rest", cache="tiered", errors=0):
    return Run(
        experiment=experiment,
        transport=transport,
        cache=cache,
        operation=operation,
        clients=clients,
        operations=1000 * clients,
        runs=10,
        throughput_per_s=1234.5 + clients,
        latency_ms={"mean": 2.5, "p50": 2.0, "p95": 4.0, "p99": 8.0},
        tier_ms={"gateway": 1.5, "catalog": 0.5},
        errors=errors,
        mesh_cpu_ms_per_operation={"gateway": 0.3, "catalog": 0.1, "postgres": 0.05, "total": 0.45},
        driver_cpu_share=0.1,
        latency_distribution_ms={"1": 1.0, "50": 2.0, "99.9": 20.0},
    )


@pytest.fixture
def document():
    marketplace = [
        run("marketplace", operation, clients, transport=transport)
        for operation in seeds.MARKETPLACE[seeds.S1]
        for clients in seeds.CLIENTS
        for transport in ("rest", "socket")
    ]
    bookstore = [
        run("bookstore", operation, clients, cache="off" if cache == "off" else "tiered")
        for clients, operation, cache in seeds.BOOKSTORE
    ]
    extra = Table("Hit, <then> miss", ("step", "ms"), [("look up", 1.25)], "in milliseconds & more")
    return Document({"cpu": "a <machine>", "cores": 2}, [*marketplace, *bookstore], [extra])


def test_bench_json_holds_what_the_contract_promises_and_is_read_as_it_was_written(document, tmp_path):
    document.write(tmp_path / "bench.json")
    content = json.loads((tmp_path / "bench.json").read_text())
    assert content["machine"]["cores"] == 2
    assert all(set(CONTRACT) <= set(each) for each in content["runs"])
    again = Document.read(tmp_path / "bench.json")
    assert (again.machine, again.runs) == (document.machine, document.runs)


def test_every_cell_of_the_tables_is_filled_but_those_of_tiers_nobody_asks(document):
    marketplace, bookstore, *_ = tables_of(document)
    assert len(marketplace.rows) == 12
    assert all(value != "" for row in marketplace.rows for value in row)
    assert len(bookstore.rows) == 18
    assert all(value != "" for row in bookstore.rows for value in row[:9])


def test_the_seeds_figures_stand_beside_ours(document):
    page = render(document, [])
    for figure in ("629.1", "1,601", "765.2", "2,535", "278.2", "2.5"):
        assert f">{figure}</td>" in page, figure


def test_the_page_needs_nothing_but_itself_and_says_what_it_was_made_with(document, tmp_path):
    page = write_report(document, tmp_path / "reports").read_text()
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert page.count("data:image/png") == 13
    assert 'name="viewport"' in page
    assert "a &lt;machine&gt;" in page
    assert "Hit, &lt;then&gt; miss" in page
    assert len(list((tmp_path / "reports").glob("*.png"))) == 13


@pytest.fixture
def document_with_series():
    table = Table("Rates, over time", ("seconds", "per s"), [("0 to 10", 400.0)])
    rates = Panel("votes per second", {"produced": [399.5, 400.5], "consumed": [398.0, 401.0]})
    series = Series("votes-rate", table.title, [1.0, 2.0], [rates, Panel("votes that wait", {"lag": [40.0, 0.0]})])
    return Document({}, [run("albums", "vote", 50)], [table], [series])


def test_a_series_is_read_as_it_was_written(document_with_series, tmp_path):
    document_with_series.write(tmp_path / "bench.json")
    assert Document.read(tmp_path / "bench.json").series == document_with_series.series


def test_a_series_is_plotted_below_its_table_and_the_page_can_be_made_again(document_with_series, tmp_path):
    page = write_report(document_with_series, tmp_path).read_text()
    assert (tmp_path / "votes-rate.png").read_bytes().startswith(b"\x89PNG")
    assert page.count("data:image/png") == 1
    below = page[page.index("Rates, over time") :]
    assert below.index('alt="votes rate"') < below.index("<h2>"), "before the next table"
    assert write_report(Document.read(tmp_path / "bench.json"), tmp_path).read_text() == page


def test_a_series_of_nothing_is_no_reason_to_fail(document_with_series, tmp_path):
    empty = Series("votes-rate", "Rates, over time", [], [Panel("votes per second", {"produced": [], "consumed": []})])
    page = write_report(replace(document_with_series, series=[empty]), tmp_path)
    assert 'alt="votes rate"' in page.read_text()


def test_a_report_from_before_there_were_series_is_read(document_with_series, tmp_path):
    document_with_series.write(tmp_path / "bench.json")
    content = json.loads((tmp_path / "bench.json").read_text())
    del content["series"]
    (tmp_path / "bench.json").write_text(json.dumps(content))
    assert not Document.read(tmp_path / "bench.json").series


def test_errors_are_said_at_the_top(document):
    bad = Document(document.machine, [run("marketplace", "search_items", 1, errors=3)], [])
    assert "3 errors" in render(bad, [])
    assert "no errors" in render(document, [])


def test_a_report_of_one_experiment_has_only_its_tables():
    titles = [table.title for table in tables_of(Document({}, [run("limits", "a route that does nothing", 1)], []))]
    assert titles == ["Everything that was measured"]


def test_the_machine_is_told_with_the_command():
    facts = machine_facts("python -m loadtests.experiments --quick", 1)
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{7,}", Document(facts, [], []).name)
    assert facts["command"].endswith("--quick")
    assert all(value not in ("", None) for value in facts.values())
