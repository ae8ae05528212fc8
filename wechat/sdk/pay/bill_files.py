"""The reader of bill files: columns by name, row by row, for files of any size.

Every value has a backtick before it, so rows are split at a comma with a backtick, and commas inside of texts
do no harm. Byte order mark, GB 18030, both line ends and a missing summary are accepted.

WeChat Pay reference 6.2.
"""

import codecs
import itertools
from collections.abc import Iterator, Mapping

from wechat.sdk.pay.errors import BillDamaged
from wechat.sdk.text import clean

# A line that is longer is none of a bill.
LONGEST_LINE = 64 << 10


class BillReader:
    """Reads the detail rows of a bill; afterwards `summary` holds the totals by name, or is empty."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.summary: Mapping[str, str] = {}
        self._lines = _lines(pieces)

    def __iter__(self) -> Iterator[dict[str, str]]:
        """Yields the detail rows.

        Raises BillDamaged for text that is no bill, perhaps after some rows.
        """
        columns = _columns(next(self._lines, ""))
        for line in self._lines:
            if line.startswith("`"):
                yield _row(columns, line)
            elif line:
                self._read_summary(_columns(line))
                return

    def _read_summary(self, names: list[str]) -> None:
        line = next(self._lines, "")
        if not line.startswith("`"):
            raise BillDamaged("a summary without values")
        self.summary = _row(names, line)
        if next(self._lines, ""):
            raise BillDamaged("lines after the summary")


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    first, rest = _first_line(pieces), ""
    decoder = _decoder(first)
    try:
        for piece in itertools.chain([first], pieces):
            *whole, rest = (rest + decoder.decode(piece)).split("\n")
            if len(rest) > LONGEST_LINE:
                raise BillDamaged("a line without an end")
            for line in whole:
                yield clean(line.rstrip("\r"))
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BillDamaged("no text in UTF-8 or GB 18030") from None
    if rest:
        yield clean(rest.rstrip("\r"))


def _first_line(pieces: Iterator[bytes]) -> bytes:
    """Returns the first line in one piece, because a part of it is not enough to detect the encoding."""
    first = b""
    for piece in pieces:
        first += piece
        if b"\n" in first or len(first) > LONGEST_LINE:
            break
    return first


def _decoder(first: bytes) -> codecs.IncrementalDecoder:
    """Returns a decoder of UTF-8, or of GB 18030 if the column names are not valid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")
    try:
        decoder().decode(first)
    except UnicodeDecodeError:
        return codecs.getincrementaldecoder("gb18030")()
    return decoder()


def _columns(line: str) -> list[str]:
    if not line or line.startswith("`"):
        raise BillDamaged("no line with the names of the columns")
    # Older files have the brackets of 收支金额(元) in full width.
    return [name.strip().replace("（", "(").replace("）", ")") for name in line.split(",")]


def _row(columns: list[str], line: str) -> dict[str, str]:
    values = line.removeprefix("`").split(",`")
    if len(values) != len(columns):
        raise BillDamaged(f"a row of {len(values)} values under {len(columns)} names")
    return dict(zip(columns, values, strict=True))
