"""Records and tables at a terminal. Imported only there, so that pipes and scripts do not pay for rich."""

from rich import box
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from cli.presentation import Record, Table, printable


def print_record(record: Record) -> None:
    grid = Grid.grid(padding=(0, 2))
    for name, value in record.fields.items():
        grid.add_row(Text(name, style="bold"), _cell(value))
    Console().print(grid)


def print_table(table: Table) -> None:
    grid = Grid(box=box.SIMPLE_HEAD)
    for column in table.columns:
        grid.add_column(column, justify="right" if column in table.numeric else "left", overflow="fold")
    for row in table.rows:
        grid.add_row(*map(_cell, row))
    Console().print(grid)


def _cell(value: object) -> Text:
    """Text and not str, since rich would read markup in a name from the shop."""
    return Text(printable(value))
