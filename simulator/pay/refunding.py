from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.pay.book import Merchant, Refund

if TYPE_CHECKING:
    from simulator.pay.office import Office


def finish(office: Office, merchant: Merchant, refund: Refund) -> None:
    """placeholder until refunds land"""
