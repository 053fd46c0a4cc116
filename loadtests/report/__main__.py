"""`python -m loadtests.report [reports/bench.json]`: make the page and the plots again from what was measured."""

import argparse
from pathlib import Path

from loadtests.report.document import Document
from loadtests.report.page import write_report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.report", description=__doc__)
    parser.add_argument("document", nargs="?", type=Path, default=Path("reports/bench.json"))
    path = parser.parse_args().document
    print(write_report(Document.read(path), path.parent))


if __name__ == "__main__":
    main()
