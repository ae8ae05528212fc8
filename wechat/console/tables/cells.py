"""What a cell holds: text without control characters, and never what a spreadsheet would run or shorten."""

import re
from decimal import Decimal

from wechat.sdk.text import clean

Value = str | int | Decimal | None

# Spreadsheets take what begins like this for a formula, also in full width, and some skip blanks before it.
FORMULA = re.compile("[\\s\u200b\ufeff]*[=+\\-@＝＋－＠]|[\t\r\n]")
# Of a number they keep 15 digits, which ends the id of a payment.
MOST_DIGITS = 15
LONG_NUMBER = re.compile(r"\s*[0-9]{16,}\s*$")
GUARD = "'"
# How other programs have a spreadsheet take digits for a text: as a formula.
AS_FORMULA = re.compile(r'="((?:[^"]|"")*)"')


def harmless(text: str) -> str:
    """Returns a text that no spreadsheet runs, with an apostrophe before it where need be."""
    text = clean(text)
    return f"{GUARD}{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Returns what was written to a file, of which this cell is what it reads."""
    if text.startswith(GUARD) and (FORMULA.match(text, 1) or LONG_NUMBER.match(text, 1)):
        return text[1:]
    if written := AS_FORMULA.fullmatch(text):
        return written[1].replace('""', '"')
    return text


def is_number(value: Value) -> bool:
    """Returns whether a spreadsheet can hold it as a number without losing digits."""
    return isinstance(value, int | Decimal) and abs(value) < 10**MOST_DIGITS


def as_text(value: Value) -> str:
    """Returns what stands in a CSV file: numbers plain, texts so that they stay texts."""
    if value is None:
        return ""
    if is_number(value):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = harmless(str(value))
    return f"{GUARD}{text}" if LONG_NUMBER.match(text) else text
