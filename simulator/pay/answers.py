"""The signatures of answers, and the ways to make them invalid for tests (pay reference 2, 11)."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from simulator.pay import sealing
from simulator.pay.authorization import SCHEME
from simulator.pay.certificates import new_serial
from simulator.pay.keys import Key
from simulator.pay.state import Merchant, same_serial

PROBE = "WECHATPAY/SIGNTEST/"
STALE_SECONDS = 3_600
COMMON = {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Language": "zh-CN",
    "Cache-Control": "no-cache, must-revalidate",
    "X-Content-Type-Options": "nosniff",
    "Keep-Alive": "timeout=8",
    "Server": "nginx",
}


@dataclass(frozen=True, slots=True)
class Signer:
    serial: str
    key: Key


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def of_certificate(merchant: Merchant) -> Signer:
    for each in merchant.platform_certificates:
        if each.serial == merchant.serving:
            return Signer(each.serial, each.key)
    raise LookupError(f"merchant {merchant.mchid} has no platform certificate")


def of_public_key(merchant: Merchant) -> Signer:
    if merchant.public_key is None:
        raise LookupError(f"merchant {merchant.mchid} has no public key")
    return Signer(merchant.public_key_id, merchant.public_key)


def for_answer(merchant: Merchant, asked_serial: str) -> Signer:
    """Returns the key that signs an answer to the merchant.

    While the merchant is switching keys, the request names the key for verification (pay reference 2.5).
    """
    if merchant.key_mode == "switching":
        return (
            of_public_key(merchant)
            if same_serial(asked_serial, merchant.public_key_id)
            else of_certificate(merchant)
        )
    return of_public_key(merchant) if merchant.key_mode == "public_key" else of_certificate(merchant)


def for_notification(merchant: Merchant) -> Signer:
    """Returns the key that signs a notification to the merchant.

    While the merchant is switching keys, it is chosen at random, without any influence of the merchant.
    """
    if merchant.key_mode == "switching":
        drawn = secrets.randbelow(10_000) < merchant.notify_share * 10_000
        return of_public_key(merchant) if drawn else of_certificate(merchant)
    return for_answer(merchant, "")


def signature_headers(signer: Signer, body: bytes, now: float, spoil: str = "") -> dict[str, str]:
    """Returns the headers that sign a body (pay reference 2.1); ``spoil`` is one of faults.SPOILS.

    The caller itself replaces a spoiled body, see ``spoiled``.
    """
    moment, nonce = str(int(now) - (STALE_SECONDS if spoil == "stale" else 0)), sealing.nonce()
    signature = signer.key.sign(f"{moment}\n{nonce}\n".encode() + body + b"\n")
    if spoil == "unsigned":
        return {}
    if spoil == "probe":
        signature = PROBE + signature[len(PROBE) :]
    return {
        "Wechatpay-Timestamp": moment,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": new_serial() if spoil == "serial" else signer.serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3" if spoil == "signature_type" else SCHEME,
    }


def spoiled(body: bytes, spoil: str) -> bytes:
    """Returns the body to send in place of the one that was signed."""
    return body + b" " if spoil == "body" else body


def request_id(code: int = 0) -> str:
    return f"08{secrets.token_hex(12).upper()}-{code}"
