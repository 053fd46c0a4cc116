"""The plots, each small enough that a phone shows it whole and large enough that it can be read there."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, ScalarFormatter

from loadtests.experiments.results import Run, Series
from loadtests.report import seeds
from loadtests.report.document import Document

OPERATIONS: Final = tuple(seeds.MARKETPLACE[seeds.S1])
_REST, _SOCKET = "#1f6feb", "#d9730d"
_COLORS: Final = {"rest": _REST, "socket": _SOCKET, seeds.S2: _REST, seeds.S1: _SOCKET}
_NAMES: Final = {"rest": "Agora, REST and gRPC", "socket": "Agora, raw socket"}
_TIERS: Final = ("gateway", "monolith", "catalog", "order", "account", "review", "postgres", "cache", "stream")
_TIER_COLORS: Final = (
    "#1f6feb", "#d9730d", "#2da44e", "#8250df", "#bf3989", "#9a6700", "#57606a", "#cf222e", "#afb8c1",
)  # fmt: skip
_LINE_COLORS: Final = (_REST, _SOCKET)
_SIZE: Final = (4.8, 3.4)
_WIDE: Final = (7.2, 4.2)

mpl.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True})
mpl.rcParams.update({"grid.alpha": 0.3, "legend.frameon": False, "legend.fontsize": 8, "figure.dpi": 160})


def draw_all(document: Document, directory: Path) -> list[Path]:
    """Every plot there are runs for, in the order in which they should be shown."""
    runs = document.of("marketplace")
    plots: list[tuple[str, Callable[[Any], None]]] = []
    for operation in OPERATIONS:
        if of_operation := [run for run in runs if run.operation == operation]:
            plots += [
                (f"throughput-{operation}", partial(_over_clients, runs=of_operation, is_latency=False)),
                (f"latency-{operation}", partial(_over_clients, runs=of_operation, is_latency=True)),
                (f"distribution-{operation}", partial(_distribution, runs=of_operation)),
            ]
    if of_many := [run for run in runs if run.clients == 100]:
        plots.append(("cpu", partial(_cpu_by_tier, runs=of_many)))
    return [_draw(directory / f"{name}.png", paint) for name, paint in plots]


def draw_series(document: Document, directory: Path) -> dict[str, Path]:
    """The plot of each series, by its title."""
    return {series.title: _draw_panels(directory / f"{series.name}.png", series) for series in document.series}


def _draw(path: Path, paint: Callable[[Any], None]) -> Path:
    figure = Figure(figsize=_SIZE, layout="constrained")
    paint(figure.add_subplot())
    figure.savefig(path)
    return path


def _draw_panels(path: Path, series: Series) -> Path:
    """One below the other, over the same seconds."""
    figure = Figure(figsize=_WIDE, layout="constrained")
    panels = figure.subplots(len(series.panels), sharex=True, squeeze=False)
    for axes, panel in zip(panels[:, 0], series.panels, strict=True):
        for (name, values), color in zip(panel.lines.items(), _LINE_COLORS, strict=False):
            axes.plot(series.seconds, values, color=color, label=name, linewidth=1)
        axes.set(ylabel=panel.axis)
        axes.set_ylim(bottom=0)
        axes.margins(x=0)
        if len(panel.lines) > 1:
            axes.legend(loc="lower right", ncols=len(panel.lines))
    panels[-1, 0].set(xlabel="seconds")
    figure.savefig(path)
    return path


def _over_clients(axes: Any, runs: Sequence[Run], *, is_latency: bool) -> None:
    operation = runs[0].operation
    for name, figures in seeds.MARKETPLACE.items():
        values = [figure.ms if is_latency else figure.per_s for figure in figures[operation]]
        axes.plot(seeds.CLIENTS, values, "o--", color=_COLORS[name], alpha=0.45, label=name, markersize=4)
    for transport, label in _NAMES.items():
        ours = sorted((run for run in runs if run.transport == transport), key=lambda run: run.clients)
        values = [run.latency_ms["mean"] if is_latency else run.throughput_per_s for run in ours]
        axes.plot([run.clients for run in ours], values, "o-", color=_COLORS[transport], label=label, markersize=5)
    axes.set(xscale="log", yscale="log", xlabel="clients", title=operation)
    axes.set_ylabel("mean latency, ms" if is_latency else "operations per second")
    axes.set_xticks(seeds.CLIENTS, [str(clients) for clients in seeds.CLIENTS])
    _plain_numbers(axes.yaxis)
    axes.legend(loc="best")


def _distribution(axes: Any, runs: Sequence[Run]) -> None:
    for run in sorted(runs, key=lambda run: (run.transport, run.clients)):
        percents = [float(percent) for percent in run.latency_distribution_ms]
        places = range(len(percents))
        axes.plot(
            places,
            list(run.latency_distribution_ms.values()),
            color=_COLORS[run.transport],
            alpha={1: 0.35, 10: 0.65}.get(run.clients, 1.0),
            label=f"{run.transport}, {run.clients}",
        )
        axes.set_xticks(places, [f"{percent:g}" for percent in percents], fontsize=7)
    axes.set(yscale="log", xlabel="percent of operations", ylabel="answered within, ms", title=runs[0].operation)
    _plain_numbers(axes.yaxis)
    axes.legend(title="transport, clients", ncols=2)


def _cpu_by_tier(axes: Any, runs: Sequence[Run]) -> None:
    ordered = sorted(runs, key=lambda run: (run.operation, run.transport), reverse=True)
    labels = [f"{run.operation.removesuffix('_for_sale').replace('_', ' ')}, {run.transport}" for run in ordered]
    left = [0.0] * len(ordered)
    for tier, color in zip(_TIERS, _TIER_COLORS, strict=True):
        widths = [run.mesh_cpu_ms_per_operation.get(tier, 0.0) for run in ordered]
        if max(widths) > 0.005:
            axes.barh(labels, widths, left=left, color=color, label=tier)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    axes.set(xlabel="CPU of the mesh per operation at 100 clients, ms")
    axes.tick_params(axis="y", labelsize=7)
    axes.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.4, 1.28), fontsize=7)


def _plain_numbers(axis: Any) -> None:
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 3.0)))
    axis.set_major_formatter(ScalarFormatter())
    axis.set_minor_formatter(NullFormatter())
