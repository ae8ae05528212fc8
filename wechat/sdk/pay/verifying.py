"""The verification that an answer or notification is from WeChat Pay and recent.

Signature probes (``WECHATPAY/SIGNTEST/``) need no special case: their signature is invalid.

WeChat Pay reference 2.1 to 2.3.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping

from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from wechat.sdk.pay.errors import NotGenuine
from wechat.sdk.pay.keys import PlatformKeys
from wechat.sdk.pay.signing import SCHEME, lines

FRESH_SECONDS = 300
PROBE = "WECHATPAY/SIGNTEST/"


def check(keys: PlatformKeys, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Checks that an answer or notification is from WeChat Pay and recent. Raises NotGenuine.

    ``headers`` has to find names in any case; ``body`` is the received bytes.
    """
    timestamp, nonce, signature, serial = (
        _header(headers, name) for name in ("Timestamp", "Nonce", "Signature", "Serial")
    )
    if headers.get("Wechatpay-Signature-Type", SCHEME) != SCHEME:
        raise NotGenuine("signature_type")
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        raise NotGenuine("timestamp")
    if abs(now - int(timestamp)) > FRESH_SECONDS:
        raise NotGenuine("timestamp")
    key = keys.by_serial.get(serial)
    if key is None:
        raise NotGenuine("serial")
    if not holds(key, lines(timestamp, nonce, body), signature):
        raise NotGenuine("signature")


def holds(key: RSA.RsaKey, message: bytes, signature: str) -> bool:
    try:
        pkcs1_15.new(key).verify(SHA256.new(message), b64decode(signature, validate=True))
    except (Base64Error, ValueError):
        return False
    return True


def is_probe(headers: Mapping[str, str]) -> bool:
    """Returns whether the message is a signature probe, which is meant to fail and needs no alarm."""
    return headers.get("Wechatpay-Signature", "").startswith(PROBE)


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(f"Wechatpay-{name}", "")
    if not value:
        raise NotGenuine("missing_header")
    # A header is Latin-1 in a WSGI server; what is not ASCII cannot be part of what was signed.
    return value if value.isascii() else ""
