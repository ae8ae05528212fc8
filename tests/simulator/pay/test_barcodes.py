"""The bars of a payment code, as the standard draws them."""

from __future__ import annotations

import re
from itertools import pairwise

from simulator.pay import barcodes


def test_the_check_value_is_that_of_the_standard() -> None:
    assert barcodes.values("123456") == [105, 12, 34, 56, 44, 106]


def test_every_value_has_bars_of_its_own() -> None:
    assert len(set(barcodes.WIDTHS)) == 107
    assert {sum(map(int, each)) for each in barcodes.WIDTHS[:106]} == {11}
    assert sum(map(int, barcodes.WIDTHS[106])) == 13


def test_bars_follow_each_other_between_quiet_zones() -> None:
    drawn = barcodes.code128("134512340987654321")
    # The first shape is the white ground.
    bars = [(int(at), int(width)) for at, width in re.findall(r"M(\d+) 0h(\d+)v", drawn)][1:]
    assert bars[0][0] == barcodes.QUIET
    assert all(at + width < next_at for (at, width), (next_at, _) in pairwise(bars))
    # Start, nine pairs of digits and the check of 11 modules each, the stop of 13.
    assert sum(bars[-1]) == barcodes.QUIET + 11 * 11 + 13
