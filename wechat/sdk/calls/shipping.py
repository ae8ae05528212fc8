"""The calls that report the shipment of a mini program's order; the platform holds its money until then.

Source: the platform's documentation of 小程序发货信息管理服务 (发货信息录入, 获取运力 id 列表).
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from wechat.sdk.answers import rows, text
from wechat.sdk.client import Client

UPLOAD = "/wxa/sec/order/upload_shipping_info"
COMPANIES = "/cgi-bin/express/delivery/open_msg/get_delivery_list"
LONGEST, LONGEST_DESCRIPTION = 128, 120
MOST_PARCELS = 15
# Of the carrier that wants a telephone number of one of the two.
CARRIER_WITH_CONTACT = "SF"
# The platform learns of a payment up to some minutes after it.
PAYMENT_UNKNOWN = 10060001
# The same was told before.
NOTHING_NEW = 10060023
BY_TRANSACTION_ID = 2
ALL_AT_ONCE, SPLIT = 1, 2


class Logistics(IntEnum):
    """The ways in which goods reach the payer."""

    EXPRESS = 1
    LOCAL = 2
    VIRTUAL = 3
    PICKUP = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel; ``contact`` is the receiver's telephone number, masked but for its last four digits."""

    company: str
    number: str
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipping:
    """The shipping of an order: with ``EXPRESS`` in one or more parcels, else in none.

    Each report has all parcels so far; ``more_to_come`` is false in the last one.
    """

    transaction_id: str
    openid: str
    logistics: Logistics
    description: str
    shipped_at: datetime.datetime
    parcels: Sequence[Parcel] = ()
    more_to_come: bool = False


def upload(client: Client, shipping: Shipping) -> None:
    """Reports a shipment to the platform.

    Raises ApiError ``NOTHING_NEW`` if the same content was reported before.
    """
    client.post(UPLOAD, body(shipping))


def body(shipping: Shipping) -> dict[str, Any]:
    is_split = len(shipping.parcels) > 1 or shipping.more_to_come
    description = {"item_desc": shipping.description[:LONGEST_DESCRIPTION]}
    return {
        "order_key": {"order_number_type": BY_TRANSACTION_ID, "transaction_id": shipping.transaction_id},
        "logistics_type": shipping.logistics.value,
        "delivery_mode": SPLIT if is_split else ALL_AT_ONCE,
        **({"is_all_delivered": not shipping.more_to_come} if is_split else {}),
        "shipping_list": [description | _parcel(each) for each in shipping.parcels] or [description],
        "upload_time": shipping.shipped_at.isoformat(timespec="milliseconds"),
        "payer": {"openid": shipping.openid},
    }


def _parcel(parcel: Parcel) -> dict[str, Any]:
    sent: dict[str, Any] = {"tracking_no": parcel.number, "express_company": parcel.company}
    return sent | ({"contact": {"receiver_contact": parcel.contact}} if parcel.contact else {})


def companies(client: Client) -> dict[str, str]:
    """Returns the carriers that the platform knows: their names by their ids."""
    companies = rows(client.post(COMPANIES, {}), "delivery_list")
    return {text(each, "delivery_id"): text(each, "delivery_name") for each in companies}
