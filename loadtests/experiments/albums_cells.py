"""Names that the parts of the albums experiment share."""

from typing import Final

from loadtests.experiments.results import Cell

NAME: Final = "albums"
CACHE: Final = "tiered"


def cell_of(operation: str, clients: int, suffix: str = "") -> Cell:
    return Cell(f"{NAME}{suffix}", "rest", CACHE, operation, clients)
