"""The writer of all downloaded tables: the same rows as CSV or as an Excel workbook."""

import csv
import itertools
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from wechat.console.tables.cells import Value, as_text, harmless, is_number
from wechat.console.tables.spreadsheet_xml import escaped

if TYPE_CHECKING:
    from openpyxl import Workbook

Row = Sequence[Value]

# Without it, Excel assumes the system's encoding instead of UTF-8.
BYTE_ORDER_MARK = "\ufeff"
LINES_AT_ONCE = 500
# The limits of a sheet below its heading, and of a cell.
MOST_ROWS = 1_000_000
LONGEST_TEXT = 32_767


def csv_parts(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yields a CSV file in parts, in UTF-8 with a byte order mark; the first row names the columns."""
    yield BYTE_ORDER_MARK.encode()
    lines = _Lines()
    writer = csv.writer(lines)
    remaining = iter(rows)
    while part := list(itertools.islice(remaining, LINES_AT_ONCE)):
        writer.writerows([as_text(value) for value in row] for row in part)
        yield lines.taken().encode()


def write_workbook(sheets: Iterable[tuple[str, Iterable[Row]]], file: IO[bytes]) -> None:
    """Writes sheets (title and rows) row by row, with little memory; the first row names the columns.

    Numbers are written as numbers, as far as a spreadsheet keeps their digits; texts as texts, whatever they
    look like. Every further million of rows begins another sheet.
    """
    # Imported here: few processes ever write a workbook.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for title, rows in sheets:
        _write(book, title, iter(rows))
    book.save(file)


def copy_as_csv(rows: Iterable[Sequence[str]], file: IO[str]) -> None:
    """Writes rows that were read, unchanged, to be read again without unpacking the workbook."""
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

    cell = WriteOnlyCell(sheet, escaped(harmless(str(value))[:LONGEST_TEXT]))
    # Otherwise openpyxl would turn a text that begins with "=" into a formula, and "#N/A" into an error.
    cell.data_type = "s"
    return cell


def _number_cell(sheet: Any, value: Decimal) -> Any:
    """Returns a cell with as many decimals as the value has."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet)
    cell.value = value
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < 0:
        cell.number_format = f"0.{'0' * -exponent}"
    return cell


class _Lines:
    """A file for a CSV writer, which keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, line: str) -> int:
        self._lines.append(line)
        return len(line)

    def taken(self) -> str:
        text = "".join(self._lines)
        self._lines.clear()
        return text
