"""The reader of the active sheet of an Excel workbook, which unpacks only the parts that the rows need.

openpyxl reads a workbook's strings and styles whole before it returns the first row, and has no limits.

Reference: ECMA-376 part 2 (packages and relationships), part 1, 18.2 (workbook).
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, cast

from wechat.console.tables.limits import MB, Budget, no_table, too_large
from wechat.console.tables.numbers import STYLES, date_styles
from wechat.console.tables.spreadsheet_xml import Attributes, SharedStrings, elements
from wechat.console.tables.worksheets import Worksheet

# The directory of parts is read at once; that of a workbook with some thousand sheets is smaller.
LARGEST_DIRECTORY = MB
# Shared strings stay in memory, which takes three times the bytes of their XML if they are short.
LARGEST_STRINGS = 64 * MB
# Other compressions cannot limit the output of one step.
COMPRESSIONS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
BOOK = ("sheet", "workbookView", "workbookPr")
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

    def rows(self) -> Iterator[list[str]]:
        book = self._main_part()
        related = self._related(book)
        dates = self._dates(related)
        sheet, since_1904 = self._open_sheet(book, related)
        strings = SharedStrings(self._shared_strings(related), self._budget)
        with self._opened(sheet) as part:
            yield from Worksheet(strings, dates, self._budget, since_1904=since_1904).rows(part)

    def _main_part(self) -> str:
        named = self._of_kind(self._related("").values(), "officeDocument")
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

    def _open_sheet(self, book: str, related: Mapping[str, tuple[str, str]]) -> tuple[str, bool]:
        """Returns the name of the active sheet, and whether its dates count from 1904."""
        sheets: list[Attributes] = []
        open_number, since_1904 = "", False
        with self._opened(book) as part:
            for name, attributes in elements(part, BOOK, self._budget):
                if name == "sheet":
                    sheets.append(attributes)
                elif name == "workbookView":
                    open_number = attributes.get("activeTab", open_number)
                elif name == "workbookPr":
                    since_1904 = attributes.get("date1904", "") in {"1", "true", "on"}
        # The others are tried after it: what is open may be a chart, or hidden by the program that wrote it.
        numbered = sorted(
            enumerate(sheets), key=lambda each: (_is_hidden(each[1]), str(each[0]) != open_number)
        )
        named = [related.get(each.get("id", ""), ("", "")) for _number, each in numbered]
        return self._of_kind(named, "worksheet"), since_1904

    def _dates(self, related: Mapping[str, tuple[str, str]]) -> frozenset[str]:
        name = self._of_kind(related.values(), "styles")
        if name not in self._parts:
            return frozenset()
        with self._opened(name) as part:
            return date_styles(elements(part, STYLES, self._budget))

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
