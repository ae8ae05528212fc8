"""The numbers of a workbook as spreadsheets show them, which the format of a cell decides.

Reference: ECMA-376 part 1, 18.8.30 (number formats).
"""

import datetime
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from wechat.console.tables.spreadsheet_xml import Attributes

# The built-in formats of Excel: of dates, general ones and those for Chinese, Japanese and Korean, and of
# numbers, as far as these say how many digits there are.
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)})
DURATION_FORMAT = "46"
NUMBER_FORMATS: Mapping[str, str] = {
    **dict.fromkeys(("2", "4", "7", "8", "39", "40", "43", "44"), "0.00"), "9": "0%", "10": "0.00%",
}  # fmt: skip
# The elements of the styles part that define how cells show numbers.
STYLES = ("numFmt", "cellXfs", "cellStyleXfs", "xf")
# The digits that a spreadsheet keeps; further ones are noise, as in 19.989999999999998.
MOST_DIGITS = 15
# The parts of a format that are no digits: texts, escaped characters, gaps, fillings, colours and currencies.
LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
OTHER = r"[^0#?.,%/A-Za-z]*"
DIGITS = re.compile(rf"{OTHER}(?P<whole>[#?0,]*?)(?:\.(?P<fraction>[#?0]+))?(?P<percent>%?){OTHER}")
PLAIN = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The format of a cell: a date, a duration, or a number of so many digits at the least."""

    is_date: bool = False
    is_duration: bool = False
    is_percentage: bool = False
    digits: int = 1
    decimals: int = 0


GENERAL = NumberFormat()


def number_formats(elements: Iterable[tuple[str, Attributes]]) -> Mapping[str, NumberFormat]:
    """Returns the formats by the numbers of the cell styles, from the elements of the styles part."""
    codes: dict[str, str] = {}
    formats: dict[str, NumberFormat] = {}
    is_of_cells, number = False, 0
    for name, attributes in elements:
        if name == "numFmt":
            codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name != "xf":
            is_of_cells = name == "cellXfs"
        elif is_of_cells:
            found = _format(attributes.get("numFmtId", ""), codes)
            if found != GENERAL:
                formats[str(number)] = found
            number += 1
    return formats


def _format(number: str, codes: Mapping[str, str]) -> NumberFormat:
    # As below: imported with the first workbook that is read.
    from openpyxl.styles.numbers import is_date_format, is_timedelta_format

    code = codes.get(number, NUMBER_FORMATS.get(number, ""))
    if number == DURATION_FORMAT or is_timedelta_format(code):
        return NumberFormat(is_duration=True)
    if number not in codes and number.isdecimal() and len(number) < 4 and int(number) in DATE_FORMATS:
        return NumberFormat(is_date=True)
    return NumberFormat(is_date=True) if is_date_format(code) else _digits(code)


def _digits(code: str) -> NumberFormat:
    """Returns the format of positive numbers; one that shows thousands or fractions counts as general."""
    found = DIGITS.fullmatch(LITERAL.sub("", code).partition(";")[0])
    if found is None or found["whole"].endswith(","):
        return GENERAL
    return NumberFormat(
        is_percentage=bool(found["percent"]),
        digits=max(1, found["whole"].count("0")),
        decimals=(found["fraction"] or "").count("0"),
    )


def shown(raw: str, form: NumberFormat, *, since_1904: bool) -> str:
    """Returns the text of a number: ``15%``, ``128.50``, ``0012``, ``2026-03-01`` or ``27:30:00``.

    No digit is left out, and thousands are not grouped. A text that is no number is returned unchanged.
    """
    if form.is_date or form.is_duration:
        return _moment_text(raw, since_1904=since_1904, is_duration=form.is_duration)
    text = number_text(raw)
    return _padded(text, form) if PLAIN.fullmatch(text) else text


def _padded(text: str, form: NumberFormat) -> str:
    if form.is_percentage:
        text = f"{(Decimal(text) * 100).normalize():f}"
    sign = "-" if text.startswith("-") else ""
    whole, _point, fraction = text.removeprefix("-").partition(".")
    fraction = fraction.ljust(form.decimals, "0")
    point = "." if fraction else ""
    return f"{sign}{whole.zfill(form.digits)}{point}{fraction}{'%' if form.is_percentage else ''}"


def number_text(raw: str) -> str:
    """Returns a number without a needless point or exponent; any other text unchanged.

    Digits written in full are kept; those beyond an exponent's precision were lost before, and none are made
    up.
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


def _moment_text(raw: str, *, since_1904: bool, is_duration: bool) -> str:
    """Returns ``2026-03-01``, with the time if there is one, or the time only; no date stays as it is."""
    from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

    epoch = CALENDAR_MAC_1904 if since_1904 else CALENDAR_WINDOWS_1900
    try:
        found = from_excel(float(raw), epoch, timedelta=is_duration)
    except (ValueError, OverflowError):
        return number_text(raw)
    if isinstance(found, datetime.timedelta):
        seconds = round(found.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(found, datetime.datetime) and found.time() == datetime.time():
        return found.date().isoformat()
    return str(found)
