"""Tables that staff bring and take away, as CSV or Excel: a row a list of texts.

Excel in Chinese Windows writes CSV in GB 18030 and reads UTF-8 only with a mark in front.
"""

import csv
import datetime
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from wechat.sdk.text import clean

EXCEL = b"PK\x03\x04"
ENCODINGS = ("utf-8-sig", "gb18030")
TRIED_BYTES = 1 << 20
# Spreadsheets take what begins like this for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnreadableTable(Exception):
    """Neither CSV nor Excel."""


def is_excel(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(EXCEL)) == EXCEL


@contextmanager
def rows_of(path: Path) -> Iterator[Iterator[list[str]]]:
    """The rows of a file, read one after the other. Raises ``UnreadableTable``."""
    if is_excel(path):
        with closing(_workbook(path)) as book:
            yield _clean(_sheet_rows(book))
        return
    with path.open(encoding=_encoding(path), newline="") as text:
        yield _clean(_lines(text))


def _clean(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    for row in rows:
        yield [clean(cell) for cell in row]


def _workbook(path: Path) -> Any:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise UnreadableTable from error
    if book.active is None:
        raise UnreadableTable
    return book


def _sheet_rows(book: Any) -> Iterator[list[str]]:
    try:
        for row in book.active.iter_rows(values_only=True):
            yield [_cell(each) for each in row]
    except (BadZipFile, ParseError, KeyError, ValueError) as error:
        raise UnreadableTable from error


def _lines(text: IO[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(text)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableTable from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(TRIED_BYTES)
    if b"\0" in head:
        raise UnreadableTable
    # The last line may be cut in the middle of a character.
    head = head[: head.rfind(b"\n") + 1] or head
    for encoding in ENCODINGS:
        try:
            head.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    raise UnreadableTable


def _cell(value: Any) -> str:
    """What a cell of a spreadsheet says; whole numbers without a point, days without midnight."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer():
            return str(int(value))
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
    return str(value)


def harmless(text: str) -> str:
    """A text that a spreadsheet can hold and does not run."""
    text = clean(text)
    return f"'{text}" if text.startswith(FORMULA) else text


def to_csv(path: Path) -> Path:
    """A workbook as CSV beside it, which can be read from any row on without unpacking it again."""
    target = path.with_suffix(".csv")
    with rows_of(path) as rows, target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return target


def csv_lines(rows: Iterable[Iterable[str]], file: IO[str]) -> None:
    csv.writer(file).writerows([harmless(cell) for cell in row] for row in rows)


def to_excel(rows: Iterable[list[str]], path: Path) -> None:
    """Written row by row, in little memory; texts stay texts."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_text_cell(sheet, text) for text in row])
    book.save(path)


def _text_cell(sheet: Any, text: str) -> Any:
    # Without this openpyxl makes a formula of a text that begins with "=".
    cell = WriteOnlyCell(sheet, value=clean(text))
    cell.data_type = "s"
    return cell
