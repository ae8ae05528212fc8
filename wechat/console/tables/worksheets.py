"""The reader of the rows in the XML of a worksheet.

Reference: ECMA-376 part 1, 18.3.1.73 (rows), 18.3.1.4 (cells).
"""

from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from wechat.console.tables.limits import Budget, UnreadableTable, no_table
from wechat.console.tables.numbers import date_text, number_text
from wechat.console.tables.spreadsheet_xml import Attributes, Parser, Runs, SharedStrings, unescaped

LONGEST_PLACE = 10


class Worksheet:
    """A reader of a sheet; a row or cell without a position follows the one before it.

    Empty rows, and cells that only have a style, are frequent in real workbooks, down to the last possible
    row: they count only if something follows them.
    """

    def __init__(
        self, strings: SharedStrings, dates: frozenset[str], budget: Budget, *, since_1904: bool
    ) -> None:
        self._strings, self._dates, self._budget = strings, dates, budget
        self._since_1904 = since_1904
        self._columns: dict[str, int] = {}
        self._rows: list[tuple[int, list[str]]] = []
        self._row, self._number, self._column = list[str](), 0, 0
        self._kind, self._style, self._value, self._lacks_result = "", "", "", False
        self._parser = parser = Parser()
        self._runs = Runs(parser)
        parser.starts |= {"row": self._begin_row, "c": self._begin_cell, "f": self._begin_formula}
        parser.starts["v"] = self._begin_value
        parser.ends |= {
            "row": self._end_row,
            "c": self._end_cell,
            "v": self._end_value,
            "is": self._end_inline,
        }

    def rows(self, part: IO[bytes]) -> Iterator[list[str]]:
        """Yields the rows in order, with empty ones for those left out. Raises ``UnreadableTable``."""
        written = 0
        for _step in self._parser.fed(part, self._budget):
            for number, row in self._rows:
                for _left_out in range(written + 1, number):
                    yield []
                yield row
                written = number
            self._rows.clear()

    def _begin_row(self, attributes: Attributes) -> None:
        self._row, self._column = [], 0
        self._number = max(self._number + 1, _natural(attributes.get("r", "0")))

    def _begin_cell(self, attributes: Attributes) -> None:
        self._column = self._column_of(attributes.get("r", ""))
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._lacks_result = "", False

    def _begin_formula(self, _attributes: Attributes) -> None:
        self._lacks_result = True

    def _begin_value(self, attributes: Attributes) -> None:
        self._lacks_result = False
        self._parser.collect(attributes)

    def _end_value(self) -> None:
        self._value = self._text(self._parser.collected())

    def _end_inline(self) -> None:
        self._value = self._runs.taken()

    def _end_cell(self) -> None:
        if self._lacks_result:
            sentence = _(
                "Row %(row)d has a formula whose result is not in the file: open it in Excel, and save it."
            )
            raise UnreadableTable(sentence % {"row": self._number})
        if not self._value:
            return
        self._budget.check_place(self._number, self._column)
        while len(self._row) < self._column:
            self._row.append("")
        self._row[self._column - 1] = self._value

    def _end_row(self) -> None:
        if self._row:
            self._rows.append((self._number, self._row))

    def _column_of(self, place: str) -> int:
        """Returns the column of ``AB12``, counted from 1."""
        letters = place.rstrip("0123456789")
        if not letters:
            return self._column + 1
        found = self._columns.get(letters)
        if found is None:
            found = self._columns[letters] = _column_number(letters)
        return found

    def _text(self, raw: str) -> str:
        if not raw:
            return ""
        match self._kind:
            case "s":
                return self._strings[_natural(raw.strip())]
            case "n":
                raw = raw.strip()
                if self._style in self._dates:
                    return date_text(raw, since_1904=self._since_1904)
                return number_text(raw)
            case "b":
                return "yes" if raw.strip() == "1" else "no"
            case "d":
                return raw.removesuffix("T00:00:00").replace("T", " ")
        return unescaped(raw)


def _column_number(letters: str) -> int:
    """Returns the number of a column's letters, counted from 1. Raises ``UnreadableTable``."""
    if not letters.isascii() or not letters.isalpha() or len(letters) > LONGEST_PLACE:
        raise no_table()
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _natural(digits: str) -> int:
    """Returns the number of these digits. Raises ``UnreadableTable`` for other texts."""
    if not digits.isdecimal() or len(digits) > LONGEST_PLACE:
        raise no_table()
    return int(digits)
