"""`index.html`: one file with everything in it, made from `bench.json`."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from loadtests.experiments.results import Table
from loadtests.report.document import Document
from loadtests.report.plots import draw_all
from loadtests.report.tables import tables_of


def write_report(document: Document, directory: Path) -> Path:
    """Write `bench.json`, the plots and the page that holds them; returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    document.write(directory / "bench.json")
    page = directory / "index.html"
    page.write_text(render(document, draw_all(document, directory)))
    return page


def render(document: Document, plots: Sequence[Path]) -> str:
    template = Template(Path(__file__).with_name("page.html").read_text())
    first, *others = tables_of(document)
    return template.substitute(
        verdict=_verdict(document),
        machine="".join(f"<dt>{_words(name)}</dt><dd>{_text(value)}</dd>" for name, value in document.machine.items()),
        first_table=_table(first),
        plots=_plots(plots),
        other_tables="".join(map(_table, others)),
    )


def _verdict(document: Document) -> str:
    measured = f"{len(document.runs)} cells, {sum(run.operations for run in document.runs):,} operations"
    if document.errors:
        return f'<p class="bad">{measured}, {document.errors} errors: these figures are not to be trusted.</p>'
    return f'<p class="quiet">{measured}, no errors.</p>'


def _plots(plots: Sequence[Path]) -> str:
    if not plots:
        return ""
    images = (
        f'<img alt="{_words(plot.stem)}" src="data:image/png;base64,{base64.b64encode(plot.read_bytes()).decode()}">'
        for plot in plots
    )
    key = '<p class="quiet">Dashed: the seeds. Solid: Agora.</p>'
    return f'<h2>Marketplace: curves</h2>{key}<div class="plots">{"".join(images)}</div>'


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    return f'<h2>{escape(table.title)}</h2>{note}<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _cell(value: Any) -> str:
    kind = ' class="text"' if isinstance(value, str) else ""
    return f"<td{kind}>{_text(value)}</td>"


def _text(value: Any) -> str:
    if value == "":
        return "&ndash;"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}" if value < 10 else f"{value:.1f}"
    return escape(f"{value:,}" if isinstance(value, int) else str(value))


def _words(name: str) -> str:
    return escape(name.replace("_", " ").replace("-", " "))
