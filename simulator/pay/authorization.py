"""The check of the Authorization header of API v3, in the platform's order (pay reference 1, 9.3, 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simulator.pay import texts
from simulator.pay.errors import PayError
from simulator.pay.keys import verifies
from simulator.pay.state import Merchant, same_serial
from simulator.whole_numbers import whole_number

SCHEME = "WECHATPAY2-SHA256-RSA2048"
WINDOW = 300
ITEM = re.compile(r'(\w+)="([^"]*)"')
ITEMS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
ORDERS = "/v3/pay/transactions/"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as received: the path with its query exactly as sent, and the bytes of the body."""

    method: str
    target: str
    body: bytes

    def message(self, timestamp: str, nonce: str) -> bytes:
        head = f"{self.method}\n{self.target}\n{timestamp}\n{nonce}\n"
        return head.encode("latin-1") + self.body + b"\n"


def caller(
    asked: Asked, header: str | None, merchants: dict[str, Merchant], now: float
) -> tuple[Merchant, str]:
    """Returns the merchant who signed the request, and the nonce. Raises PayError."""
    given = _items(asked, header)
    if abs(now - int(given["timestamp"])) > WINDOW:
        raise PayError("SIGN_ERROR", texts.TIMESTAMP)
    merchant = merchants.get(given["mchid"])
    if merchant is None:
        raise PayError("MCH_NOT_EXISTS", status=400 if asked.target.startswith(ORDERS) else 404)
    serial = merchant.known_serial(given["serial_no"])
    if serial is None:
        raise PayError("SIGN_ERROR", texts.SERIAL)
    pem = merchant.certificates[serial]
    if same_serial(serial, *merchant.voided):
        raise PayError("SIGN_ERROR", texts.VOIDED)
    message = asked.message(given["timestamp"], given["nonce_str"])
    if not verifies(pem, message, given["signature"]):
        raise PayError("SIGN_ERROR", texts.SIGNATURE, detail=_mismatch(asked, message))
    return merchant, given["nonce_str"]


def _items(asked: Asked, header: str | None) -> dict[str, str]:
    orders = asked.target.startswith(ORDERS)
    malformed = texts.AUTHORIZATION_FORMAT_OF_ORDERS if orders else texts.AUTHORIZATION_FORMAT
    scheme, _, rest = (header or "").partition(" ")
    if header and scheme != SCHEME and not orders:
        raise PayError("SIGN_ERROR", texts.AUTHORIZATION_TYPE)
    pieces = rest.split(",")
    found = {match[1]: match[2] for each in pieces if (match := ITEM.fullmatch(each))}
    if (
        scheme != SCHEME
        or len(pieces) != len(ITEMS)
        or found.keys() != ITEMS
        or whole_number(found["timestamp"]) is None
    ):
        raise PayError("SIGN_ERROR", malformed)
    return found


def _mismatch(asked: Asked, message: bytes) -> dict[str, object]:
    shown = message[:100].decode(errors="replace")
    return {
        "detail": {"issue": "sign not match"},
        "field": "signature",
        "location": "authorization",
        "sign_information": {
            "method": asked.method,
            "sign_message_length": len(message),
            "truncated_sign_message": shown,
            "url": asked.target,
        },
    }
