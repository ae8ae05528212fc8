"""The reader of the active sheet of an Excel workbook, which unpacks only the parts that the rows need.

openpyxl reads a workbook's strings and styles whole before it returns the first row, and has no limits.

Reference: ECMA-376 part 2 (packages and relationships), part 1, 18.2 (workbook).
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from django.utils.translation import gettext as _

from wechat.console.tables.limits import MB, Budget, UnreadableTable, no_table, too_large
from wechat.console.tables.numbers import STYLES, NumberFormat, number_formats
from wechat.console.tables.spreadsheet_xml import TRUE, Attributes, SharedStrings, elements
from wechat.console.tables.worksheets import Worksheet

# The directory of parts is read at once; that of a workbook with some thousand sheets is smaller.
LARGEST_DIRECTORY = MB
# Shared strings stay in memory, which takes three times the bytes of their XML if they are short.
LARGEST_STRINGS = 64 * MB
# Other compressions cannot limit the output of one step.
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
BOOK = ("sheet", "workbookView", "workbookPr", "calcPr")
# Parts of the workbooks of other programs.
BINARY, OPEN_DOCUMENT, NUMBERS = "xl/workbook.bin", "content.xml", "index/document.iwa"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError)


def rows_of(file: IO[bytes], budget: Budget) -> Iterator[list[str]]:
    """Yields the rows in order. Raises ``UnreadableTable``."""
    try:
        with zipfile.ZipFile(cast(IO[bytes], _Bounded(file))) as archive:
            yield from _Workbook(archive, budget).rows()
    except DAMAGED as error:
        raise no_table() from error


class _Bounded:
    """A file for ``ZipFile`` with a limit, because that reads the directory of an archive in one piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST_DIRECTORY:
            raise too_large()
        # Without a size, ``ZipFile`` reads the end of the file after it moved close to it.
        return self._file.read(LARGEST_DIRECTORY if size < 0 else size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile, budget: Budget) -> None:
        self._archive, self._budget = archive, budget
        # Some writers start names with a slash, or use another case than in references.
        self._parts = {_name(info.filename): info for info in archive.infolist()}
        self._since_1904 = False
        # Unset if the program that wrote the book left its formulas to the next one that opens it.
        self._has_results = True

    def rows(self) -> Iterator[list[str]]:
        book = self._main_part()
        related = self._related(book)
        formats = self._formats(related)
        sheet = self._open_sheet(book, related)
        strings = SharedStrings(self._shared_strings(related), self._budget)
        worksheet = Worksheet(
            strings,
            formats,
            self._budget,
            since_1904=self._since_1904,
            has_results=self._has_results,
        )
        with self._opened(sheet) as part:
            yield from worksheet.rows(part)

    def _main_part(self) -> str:
        named = self._of_kind(self._related("").values(), "officeDocument")
        if BINARY in self._parts or OPEN_DOCUMENT in self._parts:
            raise UnreadableTable(_("This workbook is no .xlsx (but .ods or .xlsb): save it again as .xlsx."))
        if NUMBERS in self._parts:
            raise UnreadableTable(_("This is a document of Numbers: export it as Excel (.xlsx)."))
        return named if named in self._parts else "xl/workbook.xml"

    def _related(self, part: str) -> Mapping[str, tuple[str, str]]:
        """Returns what a part refers to, by the relationship's id: its kind and the other part's name."""
        folder, name = posixpath.split(part)
        relationships = posixpath.join(folder, "_rels", f"{name}.rels")
        if relationships not in self._parts:
            return {}
        with self._opened(relationships) as opened:
            found = [each for _name, each in elements(opened, ["Relationship"], self._budget)]
        return {
            each.get("Id", ""): (
                each.get("Type", "").rpartition("/")[2],
                _name(posixpath.normpath(posixpath.join("/", folder, each.get("Target", "")))),
            )
            for each in found
        }

    def _of_kind(self, related: Any, kind: str) -> str:
        return next((name for found, name in related if found == kind), "")

    def _open_sheet(self, book: str, related: Mapping[str, tuple[str, str]]) -> str:
        """Returns the name of the active sheet, and notes what the book says of all its sheets."""
        sheets: list[Attributes] = []
        open_number = ""
        with self._opened(book) as part:
            for name, attributes in elements(part, BOOK, self._budget):
                if name == "sheet":
                    sheets.append(attributes)
                elif name == "workbookView":
                    open_number = attributes.get("activeTab", open_number)
                elif name == "workbookPr":
                    self._since_1904 = attributes.get("date1904", "") in TRUE
                elif name == "calcPr":
                    self._has_results = attributes.get("fullCalcOnLoad", "") not in TRUE
        # The others are tried after it: what is open may be a chart, or hidden by the program that wrote it.
        numbered = sorted(
            enumerate(sheets), key=lambda each: (_is_hidden(each[1]), str(each[0]) != open_number)
        )
        named = [related.get(each.get("id", ""), ("", "")) for _number, each in numbered]
        return self._of_kind(named, "worksheet")

    def _formats(self, related: Mapping[str, tuple[str, str]]) -> Mapping[str, NumberFormat]:
        name = self._of_kind(related.values(), "styles")
        if name not in self._parts:
            return {}
        with self._opened(name) as part:
            return number_formats(elements(part, STYLES, self._budget))

    def _shared_strings(self, related: Mapping[str, tuple[str, str]]) -> IO[bytes] | None:
        name = self._of_kind(related.values(), "sharedStrings")
        if name not in self._parts:
            return None
        if self._parts[name].file_size > LARGEST_STRINGS:
            raise too_large()
        return self._opened(name)

    def _opened(self, name: str) -> IO[bytes]:
        """Returns a part, which unpacks to no more than the archive says. Raises ``UnreadableTable``."""
        if name not in self._parts:
            raise no_table()
        info = self._parts[name]
        if info.compress_type not in COMPRESSIONS:
            raise no_table()
        self._budget.unpack(info.file_size)
        return self._archive.open(info)


def _is_hidden(sheet: Attributes) -> bool:
    return sheet.get("state", "visible") != "visible"


def _name(filename: str) -> str:
    return filename.replace("\\", "/").lstrip("/").lower()
