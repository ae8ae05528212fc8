"""The limits of reading a file: a small one may claim a billion rows, or unpack to more than the memory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

MB = 1 << 20
# In characters: more than anybody types, and little enough to be held in memory many times.
LONGEST_ROW = MB


class UnreadableTable(Exception):
    """The file cannot be read as a table, or is too large; the message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """The limits of a table; ``rows`` is Excel's own, ``unpacked`` is in bytes of XML and repeated texts.

    ``seconds`` are processor time, not elapsed time: that much, and as much again for each megabyte of the
    file, because an honest file is not much smaller than its content.
    """

    rows: int = 1_048_576
    columns: int = 256
    unpacked: int = 256 * MB
    seconds: float = 1.0


@dataclass(slots=True)
class Budget:
    """The part of its limits that the reading of a file of ``size`` bytes has used."""

    limits: SheetLimits
    size: int
    rows: int = 0
    characters: int = 0
    unpacked: int = 0
    seconds: float = 0.0
    begun: float = 0.0

    def begin(self) -> None:
        """Begins a step of work, which must be short enough to be checked only at its end."""
        self.begun = time.thread_time()

    def end(self) -> None:
        """Raises ``UnreadableTable`` if all steps together took too long."""
        self.seconds += time.thread_time() - self.begun
        if self.seconds > self.limits.seconds * (1 + self.size / MB):
            raise UnreadableTable(
                _("The file takes too long to read: split it, or save the sheet as CSV in UTF-8.")
            )

    def unpack(self, size: int) -> None:
        """Counts a part of a workbook before it is unpacked. Raises ``UnreadableTable`` beyond the limit."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked:
            raise too_large()

    def take(self, row: Sequence[str]) -> None:
        """Counts a row with its columns and characters. Raises ``UnreadableTable`` beyond a limit."""
        self.rows += 1
        length = sum(map(len, row))
        self.characters += length
        self.check_place(self.rows, len(row))
        if length > LONGEST_ROW or self.characters > self.limits.unpacked:
            raise too_large()

    def check_place(self, row: int, column: int) -> None:
        """Raises ``UnreadableTable`` for a row or column, counted from 1, outside the limits."""
        if row > self.limits.rows:
            sentence = _("The table has more than %(most)s rows; split it.")
            raise UnreadableTable(sentence % {"most": f"{self.limits.rows:,}"})
        if column > self.limits.columns:
            raise UnreadableTable(_("At most %(most)d columns, please.") % {"most": self.limits.columns})


def too_large() -> UnreadableTable:
    return UnreadableTable(_("The table is too large; split it."))


def no_table() -> UnreadableTable:
    return UnreadableTable(
        _("The file is neither CSV nor Excel (.xlsx), or it is damaged: save the table again as .xlsx.")
    )
