"""Writes every dashboard as JSON into a directory, the chart's when none is named."""

import sys
from pathlib import Path
from typing import Final

from charts.dashboards import cache, load_test, overview, reviews, shop, store
from charts.dashboards.panels import document

CHART: Final = Path(__file__).parents[1] / "agora" / "dashboards"
_ALL: Final = (overview.BOARD, shop.BOARD, cache.BOARD, store.BOARD, reviews.BOARD, load_test.BOARD)


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else CHART
    for board in _ALL:
        (directory / f"{board.uid}.json").write_text(document(board), "utf-8")


if __name__ == "__main__":
    main()
