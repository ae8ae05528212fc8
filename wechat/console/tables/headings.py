"""The row of a table that names its columns, which may stand below titles and empty rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO

from django.utils.translation import gettext as _

from wechat.console.tables import reading
from wechat.console.tables.limits import UnreadableTable

# A title, the date of an export and the like.
MOST_ROWS_ABOVE = 10

Numbered = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Heading:
    """The names of columns by index; ``number`` is that of their row, counted from 1, or 0 without one."""

    number: int
    names: Mapping[int, str]

    def as_row(self) -> list[str]:
        """Returns the names as the cells of a row."""
        return [self.names.get(place, "") for place in range(max(self.names) + 1)]

    def first(self, is_wanted: Callable[[str], bool]) -> int | None:
        """Returns the index of the first column whose name is wanted, if there is one."""
        return next((place for place, name in self.names.items() if is_wanted(name)), None)


def split(
    file: IO[bytes], is_key: Callable[[str], bool], *, needs_key: bool = True
) -> tuple[Heading, Iterator[Numbered]]:
    """Returns the heading of an uploaded table and the numbered rows below it, without notes beside it.

    The heading is the first row with a key column, if each row above it has fewer texts, as titles have.
    Without any it is the first row with a text, where the key is needed, or else none. Raises
    ``UnreadableTable``, also for a column without a name between others.
    """
    is_workbook = reading.is_workbook(file)
    numbered = enumerate(reading.rows_of(file), start=1)
    above: list[Numbered] = []
    for number, row in islice(numbered, MOST_ROWS_ABOVE + 1):
        if any(map(is_key, row)) and all(len(_names(title)) < len(_names(row)) for _n, title in above):
            heading = _heading(number, row)
            # A row of a CSV file that is longer than its heading has a comma too many, and no note.
            width = None if is_workbook else len(row)
            return heading, ((number, _without_note(heading.names, row, width)) for number, row in numbered)
        above.append((number, row))
    if not needs_key:
        return Heading(0, {}), chain(above, numbered)
    first = next(((number, row) for number, row in above if any(map(str.strip, row))), (0, []))
    below = ((number, row) for number, row in chain(above, numbered) if number > first[0])
    return Heading(first[0], _names(first[1])), below


def surplus(places: Iterable[int], row: Sequence[str]) -> str:
    """Returns a sentence about a row with a text beside the last of the columns, or the empty text.

    A comma that nobody put in quotation marks moves all cells behind it into the wrong columns.
    """
    if not any(cell.strip() for cell in row[max(places) + 1 :]):
        return ""
    return _(
        "A text stands beside the last column: name its column, or take it out. In a CSV file, put quotes "
        "around a cell with a comma."
    )


def letters(place: int) -> str:
    """Returns the letters of a column as spreadsheets show them, from its index counted from 0."""
    before, letter = divmod(place, 26)
    return f"{letters(before - 1) if before else ''}{chr(ord('A') + letter)}"


def _without_note(names: Mapping[int, str], row: list[str], width: int | None) -> list[str]:
    """Returns the row without the note that a person wrote beside the table, under no name.

    A text right beside a row with an empty cell stays: the row may have been shifted.
    """
    end = max(names) + 1
    if width is not None and len(row) > width:
        return row
    is_whole = all(row[place : place + 1] and row[place].strip() for place in names)
    is_apart = not any(map(str.strip, row[end : end + 1]))
    return row[:end] if is_whole or is_apart else row


def _heading(number: int, row: Sequence[str]) -> Heading:
    names = _names(row)
    # Columns before the first name are empty, or the row numbers of a program.
    for place in range(min(names), max(names)):
        if place not in names:
            sentence = _("Column %(column)s has no name in row %(row)d: name it, or take it out.")
            raise UnreadableTable(sentence % {"column": letters(place), "row": number})
    return Heading(number, names)


def _names(row: Sequence[str]) -> dict[int, str]:
    # A heading may contain line breaks, the name of a column may not.
    return {place: " ".join(name.split()) for place, name in enumerate(row) if name.strip()}
