"""The reader of all uploaded tables."""

import io
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext as _

from wechat.console.tables import delimited, workbooks
from wechat.console.tables.cells import unguarded
from wechat.console.tables.limits import Budget, SheetLimits, UnreadableTable
from wechat.sdk.text import clean, without_unseen

ZIP = b"PK\x03\x04"
# The signature of Excel files before 2007, and of workbooks with a password.
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
USUAL = SheetLimits()


def rows_of(file: IO[bytes], limits: SheetLimits = USUAL) -> Iterator[list[str]]:
    """Yields the rows of a CSV file, or of a workbook's active sheet, in order, each as a list of texts.

    Whole numbers are written without a point, days as ``2026-03-01``, booleans as ``yes`` and ``no``. An
    empty row is a list without texts, so that rows can be counted. Raises ``UnreadableTable``.
    """
    budget = Budget(limits, size=file.seek(0, io.SEEK_END))
    file.seek(0)
    head = file.read(len(COMPOUND))
    if head == COMPOUND:
        raise UnreadableTable(
            _("This is a workbook of an old Excel (.xls), or one with a password: save it again as .xlsx.")
        )
    rows = (workbooks if head.startswith(ZIP) else delimited).rows_of(file, budget)
    for row in rows:
        budget.take(row)
        yield [_cell(text) for text in row]


def _cell(text: str) -> str:
    # Unseen characters are around an apostrophe that guards a text, or inside of it.
    return without_unseen(unguarded(without_unseen(clean(text))))


def is_workbook(file: IO[bytes]) -> bool:
    """Returns whether the file is a workbook, which has to be unpacked before its rows can be read."""
    file.seek(0)
    return file.read(len(ZIP)) == ZIP
