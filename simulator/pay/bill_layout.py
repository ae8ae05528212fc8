"""The layouts of bills, which differ by the age of the bill and of the merchant (pay reference 6.2)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.pay.state import PaySettings


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a bill's text: prefix (such as a BOM), line ends and encoding."""

    mark: str
    ending: str
    encoding: str = "utf-8"


STYLES = {
    "crlf": Style("", "\r\n"),
    "lf": Style("", "\n"),
    "bom": Style("\ufeff", "\n"),
    "gbk": Style("", "\r\n", "gb18030"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a bill.

    ``separate_fees``: the fund flow has separate lines for fees, with the payment's business number.
    ``classic``: the trade bill has 24 columns, without order amounts. ``decimal_counts``: counts are like
    ``20.0``.
    """

    style: Style = STYLES["crlf"]
    separate_fees: bool = False
    classic: bool = False
    decimal_counts: bool = False

    def count(self, number: int) -> str:
        return f"{number}.0" if self.decimal_counts else str(number)


CURRENT = Layout()


def chosen(settings: PaySettings) -> Layout:
    return Layout(
        STYLES[settings.bill_style],
        settings.bill_separate_fees,
        settings.bill_classic,
        settings.bill_decimal_counts,
    )
