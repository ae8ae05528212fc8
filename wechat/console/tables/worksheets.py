"""The reader of the rows in the XML of a worksheet.

Reference: ECMA-376 part 1, 18.3.1.73 (rows), 18.3.1.4 (cells), 18.3.1.55 (merged cells).
"""

import re
from collections.abc import Iterator, Mapping
from typing import IO

from django.utils.translation import gettext as _

from wechat.console.tables.limits import Budget, UnreadableTable, no_table
from wechat.console.tables.numbers import NumberFormat, number_text, shown
from wechat.console.tables.spreadsheet_xml import TRUE, Attributes, Parser, Runs, SharedStrings, unescaped

LONGEST_PLACE = 10
# Cells of one column that are one cell on the screen: only the first of them has the value.
MERGED = re.compile(r"(?P<column>[A-Z]{1,3})(?P<first>[0-9]{1,7}):(?P=column)(?P<last>[0-9]{1,7})")


class Worksheet:
    """A reader of a sheet; a row or cell without a position follows the one before it.

    Empty rows, and cells that only have a style, are frequent in real workbooks, down to the last possible
    row: they count only if something follows them.

    What the file does not show as people see it is refused: rows that a filter hides, cells merged with those
    below them, and formulas without a result.
    """

    def __init__(
        self,
        strings: SharedStrings,
        formats: Mapping[str, NumberFormat],
        budget: Budget,
        *,
        since_1904: bool,
        has_results: bool,
    ) -> None:
        self._strings, self._formats, self._budget = strings, formats, budget
        self._since_1904, self._has_results = since_1904, has_results
        self._columns: dict[str, int] = {}
        self._rows: list[tuple[int, list[str]]] = []
        self._row, self._number, self._column = list[str](), 0, 0
        self._kind, self._style, self._value = "", "", ""
        self._lacks_result = self._is_hidden = False
        self._parser = parser = Parser()
        self._runs = Runs(parser)
        parser.starts |= {"row": self._begin_row, "c": self._begin_cell, "f": self._begin_formula}
        parser.starts |= {"v": self._begin_value, "mergeCell": self._check_merged}
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
        self._is_hidden = attributes.get("hidden", "") in TRUE
        self._number = max(self._number + 1, _natural(attributes.get("r", "0")))

    def _begin_cell(self, attributes: Attributes) -> None:
        self._column = self._column_of(attributes.get("r", ""))
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._value, self._lacks_result = "", False

    def _begin_formula(self, _attributes: Attributes) -> None:
        self._lacks_result = True

    def _begin_value(self, attributes: Attributes) -> None:
        self._parser.collect(attributes)

    def _end_value(self) -> None:
        raw = self._parser.collected()
        # Some programs write an empty number for what they have not calculated, others a zero.
        if raw or self._kind == "str":
            self._lacks_result = self._lacks_result and not self._has_results
        self._value = self._text(raw)

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
        if not self._row:
            return
        if self._is_hidden:
            sentence = _(
                "Row %(row)d is hidden, maybe by a filter: show all rows, or delete those you do not want."
            )
            raise UnreadableTable(sentence % {"row": self._number})
        self._rows.append((self._number, self._row))

    def _check_merged(self, attributes: Attributes) -> None:
        place = attributes.get("ref", "")
        merged = MERGED.fullmatch(place)
        if merged and int(merged["first"]) < int(merged["last"]) <= self._number:
            sentence = _("The cells %(cells)s are merged: split them, and fill in each of them.")
            raise UnreadableTable(sentence % {"cells": place})

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
                form = self._formats.get(self._style)
                return shown(raw, form, since_1904=self._since_1904) if form else number_text(raw)
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
