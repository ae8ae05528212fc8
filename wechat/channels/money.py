"""Amounts of money, integer fen inside and yuan on pages."""

from decimal import Decimal


def yuan(fen: float) -> str:
    """As pages show it: ¥12.50."""
    return f"¥{Decimal(round(fen)) / 100:,.2f}"


def fen(yuan: Decimal) -> int:
    return int(yuan * 100)
