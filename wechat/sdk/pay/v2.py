"""The messages of API v2, for merchants that still use it: XML, signed with a shared key.

WeChat Pay reference 8.
"""

import hashlib
import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping

from Crypto.Cipher import AES
from Crypto.Util.Padding import unpad

from wechat.sdk import xml
from wechat.sdk.errors import MalformedMessage
from wechat.sdk.pay.errors import NotGenuine, NotUnderstood, Unsealable
from wechat.sdk.text import clean

MD5_TYPE, HMAC_TYPE = "MD5", "HMAC-SHA256"
SIGN_TYPES = (MD5_TYPE, HMAC_TYPE)
WRONG_KEY = "does not decrypt with this APIv2 key"
ACCEPTED = b"<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>"


def sign(fields: Mapping[str, str | None], key: str, sign_type: str = MD5_TYPE) -> str:
    """Returns the signature in upper-case hex over all fields except ``sign`` and empty ones.

    Raises ValueError for an unknown type.
    """
    filled = sorted((name, value) for name, value in fields.items() if name != "sign" and value)
    text = "&".join([*(f"{name}={value}" for name, value in filled), f"key={key}"]).encode()
    if sign_type == MD5_TYPE:
        return hashlib.md5(text, usedforsecurity=False).hexdigest().upper()  # the protocol's choice
    if sign_type == HMAC_TYPE:
        return hmac.digest(key.encode(), text, "sha256").hex().upper()
    raise ValueError(f"no way to sign: {sign_type}")


def verify(fields: Mapping[str, str], key: str) -> str:
    """Returns the matching type of signature, which a notification does not name. Raises NotGenuine."""
    given = fields.get("sign", "").encode()
    if not given:
        raise NotGenuine("missing_header")
    for sign_type in SIGN_TYPES:
        if hmac.compare_digest(sign(fields, key, sign_type).encode(), given):
            return sign_type
    raise NotGenuine("signature")


def bridge(
    appid: str, prepay_id: str, key: str, *, sign_type: str, timestamp: int, nonce_str: str
) -> dict[str, str]:
    """Returns the parameters that start a payment in a page; the signature covers ``signType``."""
    fields = {
        "appId": appid,
        "timeStamp": str(timestamp),
        "nonceStr": nonce_str,
        "package": f"prepay_id={prepay_id}",
        "signType": sign_type,
    }
    return {**fields, "paySign": sign(fields, key, sign_type)}


def to_xml(fields: Mapping[str, str]) -> bytes:
    """Returns the body of a request; leaves empty fields out, as the signature does."""
    filled = {name: value for name, value in fields.items() if value}
    return f"<xml>{xml.elements(filled)}</xml>".encode()


def from_xml(body: bytes) -> dict[str, str]:
    """Reads the fields of an answer or notification, as signed.

    Raises NotUnderstood, also for a document type.
    """
    try:
        root = xml.parse(body)
    except MalformedMessage as error:
        raise NotUnderstood(str(error)) from None
    return {str(child.tag): child.text or "" for child in root}


def clean_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Returns fields without characters that no text may contain, after their signature was verified."""
    return {name: clean(value) for name, value in fields.items()}


def open_payment(body: bytes, key: str) -> dict[str, str]:
    """Returns the verified fields of a payment notification. Raises NotUnderstood or NotGenuine."""
    fields = from_xml(body)
    verify(fields, key)
    return clean_fields(fields)


def open_refund(body: bytes, key: str) -> dict[str, str]:
    """Returns the decrypted ``req_info`` of a refund notification. Raises NotUnderstood or Unsealable.

    It has no signature, and ECB without a MAC proves little: confirm it by a query before booking anything.
    """
    secret = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest().encode()  # the protocol's choice
    try:
        sealed = b64decode(from_xml(body).get("req_info", ""), validate=True)
        plain = unpad(AES.new(secret, AES.MODE_ECB).decrypt(sealed), AES.block_size)
    except (Base64Error, ValueError):
        raise Unsealable(WRONG_KEY) from None
    return clean_fields(from_xml(plain))
