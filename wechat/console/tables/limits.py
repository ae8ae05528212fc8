"""How much of a file is read: a small one may claim a billion rows, or unpack to more than fits in memory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

MB = 1 << 20
# In characters: longer than what anybody types, and short enough to be held many times.
LONGEST_ROW = MB


class UnreadableTable(Exception):
    """The file cannot be read as a table, or is too large for it; the message is a sentence for staff."""


@dataclass(frozen=True, slots=True)
class SheetLimits:
    """``rows`` is what a sheet of Excel holds; ``unpacked`` counts bytes of XML, and what cells repeat of it.

    ``seconds`` are those that the processor spends on reading, not those that pass: so many, and as many more
    for each megabyte of the file, because an honest file is not much smaller than what is in it.
    """

    rows: int = 1_048_576
    columns: int = 256
    unpacked: int = 256 * MB
    seconds: float = 1.0


@dataclass(slots=True)
class Budget:
    """What one reading of a file of ``size`` bytes has spent of its limits."""

    limits: SheetLimits
    size: int
    rows: int = 0
    characters: int = 0
    unpacked: int = 0
    seconds: float = 0.0
    begun: float = 0.0

    def begin(self) -> None:
        """Begins a step of work, short enough to be looked at when it is over."""
        self.begun = time.thread_time()

    def end(self) -> None:
        """Raises ``UnreadableTable`` if the steps took too long in all."""
        self.seconds += time.thread_time() - self.begun
        if self.seconds > self.limits.seconds * (1 + self.size / MB):
            raise UnreadableTable(
                _("The file takes too long to read: split it, or save the sheet as CSV in UTF-8.")
            )

    def unpack(self, size: int) -> None:
        """Takes a part of a workbook into account before it is unpacked."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked:
            raise too_large()

    def take(self, row: Sequence[str]) -> None:
        """Takes a row into account: its number, its columns, and its characters, which may be repeated."""
        self.rows += 1
        length = sum(map(len, row))
        self.characters += length
        self.check_place(self.rows, len(row))
        if length > LONGEST_ROW or self.characters > self.limits.unpacked:
            raise too_large()

    def check_place(self, row: int, column: int) -> None:
        """Raises ``UnreadableTable`` for a place, counted from 1, outside the limits."""
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
