"""The report of a run: rows on the terminal, and a page of the documentation."""

from collections.abc import Mapping

from bench.drill.columns import COLUMNS
from bench.drill.run import ITSELF, Cell
from config.embedded import PROJECT

PAGE = PROJECT / "docs" / "resilience.md"
WIDTH = 20
Cells = dict[str, Cell]

# The parts of the matrix that are not drilled, with the reasons.
NOT_DRILLED: Mapping[str, str] = {
    "disk full, clock × slow, half-open, reset, wrong data, restart": (
        "Cannot happen: a disk and a clock are no connection. A disk is full or is not, a clock is right or "
        "wrong: rows `disk full:…` and `clock:…`. Postgres ends when its log finds no room: `crash:postgres`."
    ),
    "RabbitMQ, PgBouncer, other versions": (
        "The broker of the rows `broker:…` is Redis, as shipped. `make drill-engines` performs rows on what "
        "else is installed: see [engines](engines.md)."
    ),
    "a disk that is really full": (
        "Simulated, as no drill may fill this machine's: a trigger has Postgres refuse every write with the "
        "error of a full disk, Redis is allowed one byte of memory, and the console's processes may write to "
        "no file."
    ),
    "a clock that is wrong by more than five minutes": (
        "Web refuses callbacks then, as their signatures are good for five minutes: *Messages are not "
        "answered* in [incidents](incidents.md). WeChat Pay refuses ours likewise. Workers take nothing from "
        "five seconds on."
    ),
}
INTRODUCTION = """\
# What fails, and what then

Made by the last run of `make drill`. Each row is a fault that began while everything in the
columns was being done, lasted {seconds:.0f} seconds or until what was killed had been started again, and was
over. A number is how many pieces of work were begun before, during and after it.

They were judged once everything had come to its end, by the ledgers of the platform and our tables: nothing
lost, nobody twice, amounts equal, the last menu live, all followers known. While the fault lasted every page
and call had to be answered, with a 503 if need be, and health within a second. What was refused meanwhile was
repeated by its caller under the same key, as the API's documentation asks for, and had to be accepted later.

"""


def head() -> None:
    names = " ".join(f"{each.name:>9}" for each in COLUMNS)
    print(f"{'':{WIDTH}} {names}", flush=True)


def print_row(name: str, row: Cells) -> None:
    """Prints a row: the amount of work of successful cells, and below it the errors of the others."""
    print(f"{name:{WIDTH}} {' '.join(f'{each:>9}' for each in _cells(row))}", flush=True)
    for column, cell in row.items():
        for problem in dict.fromkeys(cell.wrong):
            print(f"  {column}: {problem}", flush=True)
        if cell.note:
            print(f"  {column}: {cell.note}", flush=True)


def write(rows: Mapping[str, Cells], seconds: float) -> None:
    """Rewrites the page of results."""
    lines = [
        f"| | {' | '.join(each.name for each in COLUMNS)} |",
        f"|---{'|---' * len(COLUMNS)}|",
        *(f"| {name}{_mark(row)} | {' | '.join(_cells(row))} |" for name, row in rows.items()),
    ]
    notes = [
        f"- {name}, {column}: {text}"
        for name, row in rows.items()
        for column, cell in row.items()
        for text in [*dict.fromkeys(cell.wrong), *([cell.note] if cell.note else [])]
    ]
    reasons = [f"| {what} | {why} |" for what, why in NOT_DRILLED.items()]
    PAGE.write_text(
        INTRODUCTION.format(seconds=seconds)
        + "\n".join(lines)
        + ("\n\n## Notes\n\n" + "\n".join(notes) if notes else "")
        + "\n\n## Not in the table\n\n| | |\n|---|---|\n"
        + "\n".join(reasons)
        + "\n"
    )


def _mark(row: Cells) -> str:
    """Returns the mark after a row's name if the fault itself did not have its effect."""
    return ": FAILED" if row[ITSELF].wrong else ""


def _cells(row: Cells) -> list[str]:
    found = (row[each.name] for each in COLUMNS)
    return ["FAILED" if cell.wrong else str(cell.acts) for cell in found]
