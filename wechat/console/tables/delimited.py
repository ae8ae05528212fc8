"""The reader of CSV files, and of the tab-separated "Unicode text" of Excel."""

import csv
import io
import itertools
import re
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

from django.utils.translation import gettext as _

from wechat.console.tables.limits import LONGEST_ROW, Budget, UnreadableTable, no_table, too_large
from wechat.kernel import encodings

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DELIMITERS = ",\t;|"
# A comma as typed in Chinese; it parts cells if it is in each of the first lines, and no other delimiter is.
WIDE_COMMA = "，"
# As many as may stand above the heading, and the heading.
LINES_LOOKED_AT = 11
# The line before a table with which programs tell Excel the delimiter.
SEPARATOR = re.compile(r"\"?sep=([^\w\s\"]|\t)\"?\s*", re.IGNORECASE)
# What ends a line in some programs, and may stand in a cell of a file with usual line ends.
UNUSUAL_LINE_END = re.compile("[\x85\u2028\u2029]")


def rows_of(file: IO[bytes], budget: Budget) -> Iterator[list[str]]:
    """Yields the rows in order. Raises ``UnreadableTable``."""
    budget.begin()
    try:
        encoding = encodings.detect(file)
    except encodings.UndecodableText:
        raise no_table() from None
    budget.end()
    file.seek(0)
    buffered = io.BufferedReader(_Borrowed(file))
    lines = _Lines(io.TextIOWrapper(buffered, encoding.name, encoding.errors, newline=""))
    delimiter = lines.delimiter()
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=lines.have_quotes_behind_blanks(delimiter))
    while True:
        lines.length = 0
        budget.begin()
        try:
            row = next(rows, None)
        except csv.Error:
            raise no_table() from None
        budget.end()
        if row is None:
            return
        if lines.are_over:
            # The reader would silently put all that follows the mark into one cell.
            sentence = _("In row %(row)d a quotation mark begins a text and none ends it.")
            raise UnreadableTable(sentence % {"row": budget.rows + 1})
        yield row


class _Borrowed(io.RawIOBase):
    """A file that stays open when its reader is closed."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        part = memoryview(buffer)
        data = self._file.read(len(part))
        part[: len(data)] = data
        return len(data)


class _Lines:
    """The lines of a text; a row may have several, if a cell contains a line end.

    Their length is limited before they are split into cells: a row of commas alone would fill the memory.
    """

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        first = text.readline(LONGEST_ROW + 1)
        self._separator = SEPARATOR.fullmatch(first)
        if self._separator:
            first = text.readline(LONGEST_ROW + 1)
        self._begun = [first, *(text.readline(LONGEST_ROW + 1) for _line in range(1, LINES_LOOKED_AT))]
        if UNUSUAL_LINE_END.search(first) and not self._begun[1]:
            # The reader would put what are lines in other programs into one cell.
            raise UnreadableTable(
                _("The lines end with an unusual character: save the file again as text in UTF-8.")
            )
        if first.lstrip("\ufeff \t").startswith("<"):
            raise UnreadableTable(
                _("This is a web page or XML that is called a table: open it in Excel, and save it as .xlsx.")
            )
        self.length = 0
        # Set if another line was requested after the last one, because a row was not complete.
        self.are_over = False

    def delimiter(self) -> str:
        """Returns the declared delimiter, or the most frequent one of the first line with any, or a comma."""
        if self._separator:
            return self._separator[1]
        lines = [line for line in self._begun if line.strip()]
        for line in lines:
            if any(each in line for each in DELIMITERS):
                return max(DELIMITERS, key=line.count)
        return WIDE_COMMA if lines and all(WIDE_COMMA in line for line in lines) else DELIMITERS[0]

    def have_quotes_behind_blanks(self, delimiter: str) -> bool:
        """Returns whether a blank stands between a delimiter and the quotation mark of the next cell."""
        return any(f'{delimiter} "' in line for line in self._begun)

    def __iter__(self) -> Iterator[str]:
        begun = itertools.takewhile(bool, self._begun)
        for line in itertools.chain(begun, iter(lambda: self._text.readline(LONGEST_ROW + 1), "")):
            self.length += len(line)
            if self.length > LONGEST_ROW:
                raise too_large()
            yield line
        self.are_over = True
