"""The numbers of a workbook as people see them; the format alone decides which are dates.

Reference: ECMA-376 part 1, 18.8.30 (number formats).
"""

import datetime
from collections.abc import Iterable, Mapping

from wechat.console.tables.spreadsheet_xml import Attributes

# Built into Excel: everywhere, and in Chinese, Japanese and Korean.
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)})
# The elements of the part of styles that say which cells show dates.
STYLES = ("numFmt", "cellXfs", "cellStyleXfs", "xf")
# What a spreadsheet keeps of a number; more of them are noise such as 19.989999999999998.
MOST_DIGITS = 15


def date_styles(elements: Iterable[tuple[str, Attributes]]) -> frozenset[str]:
    """Returns the numbers of the cell styles that show a date, from the elements of the part of styles."""
    formats: dict[str, str] = {}
    dates: set[str] = set()
    is_of_cells, number = False, 0
    for name, attributes in elements:
        if name == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name != "xf":
            is_of_cells = name == "cellXfs"
        elif is_of_cells:
            if _shows_a_date(attributes.get("numFmtId", ""), formats):
                dates.add(str(number))
            number += 1
    return frozenset(dates)


def _shows_a_date(number: str, formats: Mapping[str, str]) -> bool:
    # As below: loaded with the first workbook that is read.
    from openpyxl.styles.numbers import is_date_format

    if number in formats:
        return bool(is_date_format(formats[number]))
    return number.isdecimal() and len(number) < 4 and int(number) in DATE_FORMATS


def number_text(raw: str) -> str:
    """Returns a number without a needless point or exponent; what is none as it is.

    Digits that were written in full stay; those that an exponent hides were lost before, none are made up.
    """
    if raw.isdecimal():
        return raw
    try:
        value = float(raw)
    except ValueError:
        return raw
    if value.is_integer() and abs(value) < 10**MOST_DIGITS:
        return str(int(value))
    return f"{value:.{MOST_DIGITS}g}"


def date_text(raw: str, *, since_1904: bool) -> str:
    """Returns ``2026-03-01``, with the time if there is one, or the time alone; what is no date as it is."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    epoch = CALENDAR_MAC_1904 if since_1904 else CALENDAR_WINDOWS_1900
    try:
        found = from_excel(float(raw), epoch)
    except (ValueError, OverflowError):
        return number_text(raw)
    if isinstance(found, datetime.datetime) and found.time() == datetime.time():
        return found.date().isoformat()
    return str(found)
