"""`index.html`: one file with everything in it, made from `bench.json`."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any

from loadtests.experiments.results import Table
from loadtests.report.document import Document
from loadtests.report.plots import draw_all, draw_series
from loadtests.report.tables import tables_of


def write_report(document: Document, directory: Path) -> Path:
    """Write `bench.json`, the plots and the page that holds them; returns the page."""
    directory.mkdir(parents=True, exist_ok=True)
    document.write(directory / "bench.json")
    page = directory / "index.html"
    page.write_text(render(document, draw_all(document, directory), draw_series(document, directory)))
    return page


def render(document: Document, plots: Sequence[Path], series: Mapping[str, Path] = MappingProxyType({})) -> str:
    """`series` are plots by the title of the table that they belong to."""
    template = Template(Path(__file__).with_name("page.html").read_text())
    first, *others = (_table(table, series.get(table.title)) for table in tables_of(document))
    return template.substitute(
        verdict=_verdict(document),
        machine="".join(f"<dt>{_words(name)}</dt><dd>{_text(value)}</dd>" for name, value in document.machine.items()),
        first_table=first,
        plots=_plots(plots),
        other_tables="".join(others),
    )


def _verdict(document: Document) -> str:
    measured = f"{len(document.runs)} cells, {sum(run.operations for run in document.runs):,} operations"
    if document.errors:
        return f'<p class="bad">{measured}, {document.errors} errors: these figures are not to be trusted.</p>'
    return f'<p class="quiet">{measured}, no errors.</p>'


def _plots(plots: Sequence[Path]) -> str:
    if not plots:
        return ""
    key = '<p class="quiet">Dashed: the seeds. Solid: Agora.</p>'
    return f'<h2>Marketplace: curves</h2>{key}<div class="plots">{"".join(map(_image, plots))}</div>'


def _image(plot: Path) -> str:
    content = base64.b64encode(plot.read_bytes()).decode()
    return f'<img alt="{_words(plot.stem)}" src="data:image/png;base64,{content}">'


def _table(table: Table, series: Path | None) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    note = f'<p class="quiet">{escape(table.note)}</p>' if table.note else ""
    plot = f'<div class="plots">{_image(series)}</div>' if series else ""
    return f'<h2>{escape(table.title)}</h2>{note}<div class="wide"><table><tr>{head}</tr>{body}</table></div>{plot}'


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
