"""Fen, the only unit inside; yuan with decimals appear in bills and on pages.

WeChat Pay reference 0, 6.2.
"""

from decimal import Decimal, InvalidOperation

FEN = Decimal("0.01")
# Fees come with five decimals.
THOUSANDTH = Decimal("0.00001")
# What a 64-bit column holds with room for sums.
LARGEST = 10**15


def fen(yuan: str) -> int:
    """`"12.34"` as 1234. Raises ValueError for anything that is no whole number of fen."""
    return _whole(yuan, FEN)


def thousandths(yuan: str) -> int:
    """A fee, `"0.60000"`, as 60000 thousandths of a fen. Raises ValueError like `fen`."""
    return _whole(yuan, THOUSANDTH)


def _whole(yuan: str, unit: Decimal) -> int:
    try:
        exact = Decimal(yuan.strip()) / unit
    except InvalidOperation:
        raise ValueError(f"no amount of money: {yuan[:40]!r}") from None
    if not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) > LARGEST:
        raise ValueError(f"no amount of money: {yuan[:40]!r}")
    return int(exact)


def yuan(amount: int) -> str:
    """1234 as `"12.34"`."""
    sign, rest = ("-", -amount) if amount < 0 else ("", amount)
    return f"{sign}{rest // 100}.{rest % 100:02d}"
