"""The reader of bill files: columns by name, row by row, for files of any size.

Every value has a backtick before it, so rows are split at a comma with a backtick, and commas inside of texts
do no harm, nor does anything in the name of goods. Byte order mark, GB 18030, both line ends and a missing
summary are accepted.

WeChat Pay reference 6.2.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from wechat.sdk.pay.errors import BillDamaged
from wechat.sdk.text import clean, decode

# A line that is longer is none of a bill.
LONGEST_LINE = 64 << 10
SEPARATOR = ",`"
# A row begins with a time, which no further line of a text in it does.
BEGINNING = re.compile("`[0-9]{4}-[0-9]{2}-[0-9]{2} ")
# The text of a shop, in which anything may stand, also what parts the values.
GOODS = "商品名称"


class BillReader:
    """Reads the detail rows of a bill; afterwards ``summary`` holds the totals by name, or is empty."""

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
                yield _row(columns, self._whole(columns, line))
            elif line:
                self._read_summary(_columns(line))
                return

    def _whole(self, columns: list[str], line: str) -> str:
        """Returns a row with the lines that follow it, for a text in it, as of goods, may have line ends."""
        while line.count(SEPARATOR) + 1 < len(columns) and len(line) < LONGEST_LINE:
            following = next(self._lines, None)
            if following is None or BEGINNING.match(following):
                break
            line = f"{line}\n{following}"
        return line

    def _read_summary(self, names: list[str]) -> None:
        line = next(self._lines, "")
        if not line.startswith("`"):
            raise BillDamaged("a summary without values")
        self.summary = _row(names, line)
        if next(self._lines, ""):
            raise BillDamaged("lines after the summary")


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    decoded: Callable[[bytes], str] | None = None
    for line in _raw_lines(pieces):
        decoded = decoded or _decoder(line)
        yield decoded(line.rstrip(b"\r"))


def _raw_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > LONGEST_LINE:
            raise BillDamaged("a line without an end")
        yield from whole
    if rest:
        yield rest


def _decoder(first: bytes) -> Callable[[bytes], str]:
    """Returns the decoder of lines in UTF-8, or in GB 18030 if the column names are not valid UTF-8.

    A text that is cut inside of a character, as the names of goods may be, costs this character only.
    """
    for encoding, decoded in (("utf-8", decode), ("gb18030", _from_gb18030)):
        with suppress(UnicodeDecodeError):
            first.decode(encoding)
            return decoded
    raise BillDamaged("no text in UTF-8 or GB 18030")


def _from_gb18030(line: bytes) -> str:
    return clean(line.decode("gb18030", "replace"))


def _columns(line: str) -> list[str]:
    if not line or line.startswith("`"):
        raise BillDamaged("no line with the names of the columns")
    # Older files have the brackets of 收支金额(元) in full width.
    return [name.strip().replace("（", "(").replace("）", ")") for name in line.split(",")]


def _row(columns: list[str], line: str) -> dict[str, str]:
    values = line.removeprefix("`").split(SEPARATOR)
    if (surplus := len(values) - len(columns)) > 0 and GOODS in columns:
        parts = slice(place := columns.index(GOODS), place + surplus + 1)
        values[parts] = [SEPARATOR.join(values[parts])]
    if len(values) != len(columns):
        raise BillDamaged(f"a row of {len(values)} values under {len(columns)} names")
    return dict(zip(columns, values, strict=True))
