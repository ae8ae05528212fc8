"""The values of cells: text without control characters, which no spreadsheet runs or truncates."""

import re
from decimal import Decimal

from django.utils.translation import gettext as _

from wechat.sdk.text import clean

Value = str | int | Decimal | None

# Spreadsheets treat a text that begins like this as a formula, also in full width; some skip leading blanks.
FORMULA = re.compile("[\\s\u200b\ufeff]*[=+\\-@＝＋－＠]|[\t\r\n]")
# Spreadsheets keep 15 digits of a number, which would truncate the id of a payment.
MOST_DIGITS = 15
LONG_NUMBER = re.compile(r"\s*[0-9]{16,}\s*$")
GUARD = "'"
# What people type before digits so that a spreadsheet keeps them; other programs write it too.
TYPED_GUARD = re.compile(rf"{GUARD}[0-9]+")
# How other programs have a spreadsheet take digits for a text: as a formula.
AS_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
# What a spreadsheet shows in place of a value.
ERRORS = frozenset(
    {"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
# What a reader puts in the place of bytes that are no character.
REPLACED = "\ufffd"
# A number with an exponent, of which a spreadsheet has left only the first digits.
LOST_DIGITS = re.compile(r"[+-]?[0-9](?:\.[0-9]+)?[eE]\+[0-9]{2,3}|#{3,}")


def harmless(text: str) -> str:
    """Returns a text that no spreadsheet runs, with a leading apostrophe if necessary."""
    text = clean(text)
    return f"{GUARD}{text}" if FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Returns the text that was written to a file, for the text of the cell read from it."""
    if text.startswith(GUARD) and (FORMULA.match(text, 1) or LONG_NUMBER.match(text, 1)):
        return text[1:]
    if TYPED_GUARD.fullmatch(text):
        return text[1:]
    if written := AS_FORMULA.fullmatch(text):
        return written[1].replace('""', '"')
    return text


def damage(text: str) -> str:
    """Returns a sentence about a cell that a spreadsheet or an encoding has spoilt, or the empty text."""
    if REPLACED in text:
        sentence = _("“%(cell)s” has unreadable characters: correct them, and save the file in UTF-8.")
        return sentence % {"cell": text[:40]}
    if text in ERRORS:
        return _("“%(cell)s” is the error of a formula: correct it, or empty the cell.") % {"cell": text}
    if LOST_DIGITS.fullmatch(text):
        sentence = _("“%(cell)s” has lost digits: make the column a text, and put the number in again.")
        return sentence % {"cell": text[:40]}
    return ""


def is_number(value: Value) -> bool:
    """Returns whether a spreadsheet can hold the value as a number without losing digits."""
    return isinstance(value, int | Decimal) and abs(value) < 10**MOST_DIGITS


def as_text(value: Value) -> str:
    """Returns the value for a CSV file: numbers plain, texts guarded so that they stay texts."""
    if value is None:
        return ""
    if is_number(value):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = harmless(str(value))
    return f"{GUARD}{text}" if LONG_NUMBER.match(text) else text
