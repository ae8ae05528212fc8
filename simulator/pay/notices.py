"""What merchants are told, and where (pay reference 5.4, 8.3)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from simulator.pay import answers, orders
from simulator.pay.book import Merchant, Notice, Order

if TYPE_CHECKING:
    from simulator.pay.office import Office


def tell_paid(office: Office, merchant: Merchant, order: Order) -> Notice | None:
    """None for a merchant without an APIv3 key, to whom nothing is ever sent."""
    if not merchant.apiv3_key:
        return None
    told = {**orders.transaction(merchant, order), "promotion_detail": orders.coupons(order)}
    if not order.coupon:
        del told["promotion_detail"]
    plain = answers.compact(told).decode()
    return queue(office, merchant, order.notify_url, "TRANSACTION.SUCCESS", order.out_trade_no, plain)


def queue(
    office: Office,
    merchant: Merchant,
    url: str,
    event_type: str,
    subject: str,
    plain: str,
    *,
    v2: bool = False,
) -> Notice:
    now = office.world.now
    notice = Notice(str(uuid.uuid4()), merchant.mchid, url, event_type, subject, plain, now, now, v2)
    office.book.notices[notice.id] = notice
    office.plan(notice)
    return notice
