"""The signatures of the merchant: on requests, and on the parameters that start a payment.

WeChat Pay reference 1.1, 1.2 (requests), 4.3 (starting the payment).
"""

import secrets
import string
from base64 import b64encode

from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from wechat.sdk.pay.keys import MerchantKeys

SCHEME = "WECHATPAY2-SHA256-RSA2048"
NONCE_LETTERS = string.ascii_letters + string.digits


def nonce() -> str:
    return "".join(secrets.choice(NONCE_LETTERS) for _ in range(32))


def sign(key: RSA.RsaKey, message: bytes) -> str:
    """Returns the signature, SHA256 with RSA, PKCS#1 v1.5, as base64 on one line."""
    return b64encode(pkcs1_15.new(key).sign(SHA256.new(message))).decode()


def lines(*parts: str | bytes) -> bytes:
    """Returns the parts, each followed by a line feed."""
    return b"".join((part.encode() if isinstance(part, str) else part) + b"\n" for part in parts)


def authorization(
    keys: MerchantKeys, method: str, path_url: str, body: bytes, *, timestamp: int, nonce_str: str
) -> str:
    """Returns the header's value; ``path_url`` is path and query exactly as they are sent."""
    message = lines(method, path_url, str(timestamp), nonce_str, body)
    items = {
        "mchid": keys.mchid,
        "nonce_str": nonce_str,
        "signature": sign(keys.private_key, message),
        "timestamp": str(timestamp),
        "serial_no": keys.serial_no,
    }
    return f"{SCHEME} " + ",".join(f'{name}="{value}"' for name, value in items.items())


def bridge(
    keys: MerchantKeys, appid: str, prepay_id: str, *, timestamp: int, nonce_str: str
) -> dict[str, str]:
    """Returns the parameters of ``getBrandWCPayRequest``, or without ``appId`` of ``wx.requestPayment``."""
    package = f"prepay_id={prepay_id}"
    signature = sign(keys.private_key, lines(appid, str(timestamp), nonce_str, package))
    return {
        "appId": appid,
        "timeStamp": str(timestamp),
        "nonceStr": nonce_str,
        "package": package,
        "signType": "RSA",
        "paySign": signature,
    }
