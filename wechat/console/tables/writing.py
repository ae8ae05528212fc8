"""The one writer of tables that staff download: the same rows as CSV or as an Excel workbook."""

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from wechat.console.tables.cells import Value, as_text, harmless, is_number

if TYPE_CHECKING:
    from openpyxl import Workbook

Row = Sequence[Value]

# Without it Excel takes UTF-8 for the encoding of the system.
BYTE_ORDER_MARK = "\ufeff"
LINES_AT_ONCE = 500
# What a sheet can hold, with its first row for the names, and a cell.
MOST_ROWS = 1_000_000
LONGEST_TEXT = 32_767


def csv_parts(rows: Iterable[Row]) -> Iterator[bytes]:
    """Returns a CSV file in parts, in UTF-8 with a byte order mark; the first row names the columns."""
    yield BYTE_ORDER_MARK.encode()
    lines = _Lines()
    writer = csv.writer(lines)
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, LINES_AT_ONCE)):
        writer.writerows([as_text(value) for value in row] for row in part)
        yield lines.taken().encode()


def write_workbook(sheets: Iterable[tuple[str, Iterable[Row]]], file: IO[bytes]) -> None:
    """Writes sheets, each a title and its rows, row by row in little memory; the first row names the columns.

    Numbers are numbers, as far as a spreadsheet keeps their digits; texts are texts, whatever they look like.
    Every further million of rows begins another sheet.
    """
    # Loaded with the first workbook: few processes ever write one.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, rows in sheets:
        _write(book, title, iter(rows))
    book.save(file)


def copy_as_csv(rows: Iterable[Sequence[str]], file: IO[str]) -> None:
    """Writes rows that were read, as they are, to be read again without unpacking the workbook."""
    csv.writer(file).writerows(rows)


def _write(book: "Workbook", title: str, rows: Iterator[Row]) -> None:
    heading = next(rows, ())
    sheet = _sheet(book, title, heading)
    for number, row in enumerate(rows):
        if number and number % MOST_ROWS == 0:
            sheet = _sheet(book, f"{title} {number // MOST_ROWS + 1}", heading)
        sheet.append([_cell(sheet, value) for value in row])


def _sheet(book: "Workbook", title: str, heading: Row) -> Any:
    sheet = book.create_sheet(title)
    sheet.append([_cell(sheet, name) for name in heading])
    return sheet


def _cell(sheet: Any, value: Value) -> Any:
    if value is None:
        return None
    if is_number(value):
        return _number_cell(sheet, value) if isinstance(value, Decimal) else value
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, harmless(str(value))[:LONGEST_TEXT])
    # Or openpyxl would make a formula of a text that begins with "=", and an error of "#N/A".
    cell.data_type = "s"
    return cell


def _number_cell(sheet: Any, value: Decimal) -> Any:
    """Returns a numeric cell with as many decimals as the number has."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = value
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < 0:
        cell.number_format = f"0.{'0' * -exponent}"
    return cell


class _Lines:
    """The buffer of a CSV writer, emptied each time it is read."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> int:
        self._lines.append(line)
        return len(line)

    def taken(self) -> str:
        text = "".join(self._lines)
        self._lines.clear()
        return text
