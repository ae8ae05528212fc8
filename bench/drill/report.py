"""The table of a run: on the terminal row by row, and as a page of the documentation."""

from bench.drill.columns import COLUMNS
from bench.drill.run import Cell

WIDTH = 20
Row = dict[str, Cell]


def head() -> None:
    names = " ".join(f"{each.name:>9}" for each in COLUMNS)
    print(f"{'':{WIDTH}} {names}", flush=True)


def tell(name: str, row: Row) -> None:
    """Prints a row; how much was done in a cell that is well, and below it what is wrong in the others."""
    cells = " ".join(f"{'FAILED' if row[each.name].wrong else row[each.name].acts:>9}" for each in COLUMNS)
    print(f"{name:{WIDTH}} {cells}", flush=True)
    for column, cell in row.items():
        for problem in dict.fromkeys(cell.wrong):
            print(f"  {column}: {problem}", flush=True)
        if cell.told:
            print(f"  {column}: {cell.told}", flush=True)
