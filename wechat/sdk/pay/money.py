"""The conversion between fen, the only internal unit, and yuan in bills and on pages.

WeChat Pay reference 0, 6.2.
"""

import re
from decimal import Decimal

# Digits and a point: an exponent, an underscore or digits of another script are no amount.
AMOUNT = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
# An input method for Chinese types digits, points and the sign in full width, and a stop for a point.
HALF_WIDTH = {
    ord(full): half for full, half in zip("０１２３４５６７８９．。，￥－", "0123456789..,¥-", strict=True)
}
GROUPED = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
FEN = Decimal("0.01")
# Fees come with five decimals.
THOUSANDTH = Decimal("0.00001")
# Characters; beyond it a division would be rounded.
LONGEST = 24
# What a 64-bit column holds with room for sums.
LARGEST = 10**15


def fen(yuan: str) -> int:
    """Returns ``"12.34"`` as 1234. Raises ValueError for a text that is no whole number of fen."""
    return _whole(yuan, FEN)


def typed(text: str) -> int:
    """Returns what people write, ``"¥1,234.50"``, as 123450 fen. Raises ValueError like ``fen``."""
    return fen(text.translate(HALF_WIDTH).strip().removeprefix("¥").removesuffix("元").strip())


def thousandths(yuan: str) -> int:
    """Returns a fee, ``"0.60000"``, as 60000 thousandths of a fen. Raises ValueError like ``fen``."""
    return _whole(yuan, THOUSANDTH)


def count(text: str) -> int:
    """Returns a number of lines, in bills ``"20"`` or ``"20.0"``. Raises ValueError like ``fen``."""
    return _whole(text, Decimal(1))


def _whole(yuan: str, unit: Decimal) -> int:
    written = yuan.strip()
    if GROUPED.fullmatch(written):
        written = written.replace(",", "")
    exact = Decimal(written) / unit if len(written) <= LONGEST and AMOUNT.fullmatch(written) else None
    if exact is None or exact != exact.to_integral_value() or abs(exact) > LARGEST:
        raise ValueError(f"no amount of money: {yuan[:40]!r}")
    return int(exact)


def yuan(amount: int) -> str:
    """Returns 1234 fen as ``"12.34"``."""
    return str(decimal_yuan(amount))


def decimal_yuan(amount: int) -> Decimal:
    """Returns 1234 fen as ``Decimal("12.34")``, for files to calculate with."""
    return Decimal(amount).scaleb(-2)
