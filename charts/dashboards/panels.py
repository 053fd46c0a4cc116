"""What our dashboards are made of: boards of rows, rows of panels, panels of queries; and Grafana's JSON of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as TimeSeries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DataSourceRef

_HEIGHT: Final = 8
_STAT_HEIGHT: Final = 4
_WIDTH: Final = 24
_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True)
class Panel:
    """Queries by legend, such as {"p99 {{job}}": "histogram_quantile(...)"}; drawn over time, or told as one number."""

    title: str
    unit: str
    queries: Mapping[str, str]
    text: str = ""
    is_stat: bool = False


@dataclass(frozen=True)
class Board:
    uid: str
    title: str
    text: str
    rows: Mapping[str, tuple[Panel, ...]]


def quantiles(histogram: str, by: str = "", where: str = "") -> dict[str, str]:
    """Median and p99 of a histogram, for each value of a label when one is named."""
    legend = f" {{{{{by}}}}}" if by else ""
    labels = f"le, {by}" if by else "le"
    return {
        f"p{int(q * 100)}{legend}": (
            f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket{{{where}}}[$__rate_interval])))"
        )
        for q in (0.5, 0.99)
    }


def rate(counter: str, by: str = "", where: str = "") -> str:
    group = f" by ({by})" if by else ""
    return f"sum{group} (rate({counter}{{{where}}}[$__rate_interval]))"


def or_zero(query: str) -> str:
    """For what has not happened yet."""
    return f"{query} or vector(0)"


def document(board: Board) -> str:
    """The board as Grafana reads it."""
    builder = (
        Dashboard(board.title)
        .uid(board.uid)
        .description(board.text)
        .tags(["agora"])
        .time("now-30m", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").type("prometheus").label("Prometheus"))
    )
    for title, panels in board.rows.items():
        builder.with_row(Row(title))
        for panel in panels:
            builder.with_panel(_built(panel, _WIDTH // min(len(panels), 3)))
    return json.dumps(builder.build(), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _built(panel: Panel, width: int) -> Any:
    builder: Any = Stat() if panel.is_stat else TimeSeries()
    builder.title(panel.title).description(panel.text).unit(panel.unit).datasource(_SOURCE)
    builder.span(width).height(_STAT_HEIGHT if panel.is_stat else _HEIGHT)
    if not panel.is_stat:
        builder.min(0).fill_opacity(8).tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI)).legend(
            VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
        )
    for name, (legend, expression) in zip("ABCDEF", panel.queries.items(), strict=False):
        query = Dataquery().expr(expression).legend_format(legend).ref_id(name).datasource(_SOURCE)
        builder.with_target(query if panel.is_stat else query.exemplar("_bucket" in expression))
    return builder
