"""The calls for the users of a mini program. WeChat reference 14."""

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from hashlib import sha1
from hmac import compare_digest
from typing import Any

from Crypto.Cipher import AES
from Crypto.Util.Padding import unpad

from wechat.sdk.answers import identifier, needed, number, part, text
from wechat.sdk.client import Client
from wechat.sdk.errors import EnvelopeError
from wechat.sdk.text import load_json
from wechat.sdk.tokens import Credentials
from wechat.sdk.transport import ApiRequest, Transport

# How old encrypted data may be, and how far in the future a clock may be off. Seconds.
OLDEST = 600
AHEAD = 300


@dataclass(frozen=True, slots=True)
class Session:
    """A user's session in a mini program; its key must not leave the server."""

    openid: str
    unionid: str = ""
    session_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A telephone number: ``number`` is in full with its country code if foreign, ``pure`` without it."""

    number: str
    pure: str
    country: str


def login(transport: Transport, credentials: Credentials, js_code: str) -> Session:
    """Exchanges a code of wx.login for the session.

    Raises ApiError 40029 or 40163 for a wrong or used code, 40226 for a risky person.
    """
    params = {"appid": credentials.appid, "secret": credentials.secret, "js_code": js_code}
    answer = transport.ask(
        ApiRequest("GET", "/sns/jscode2session", {**params, "grant_type": "authorization_code"})
    )
    api = "/sns/jscode2session"
    openid, key = needed(answer, "openid", api, identifier), needed(answer, "session_key", api)
    return Session(openid, identifier(answer, "unionid"), key)


def phone_number(client: Client, code: str) -> PhoneNumber:
    """Exchanges a code of the getPhoneNumber button, which is not the one of wx.login. Paid per call."""
    api = "/wxa/business/getuserphonenumber"
    info = part(client.post(api, {"code": code}), "phone_info")
    pure = needed(info, "purePhoneNumber", api)
    return PhoneNumber(text(info, "phoneNumber") or pure, pure, text(info, "countryCode"))


def open_data(session_key: str, encrypted: str, iv: str, appid: str, now: float) -> dict[str, Any]:
    """Decrypts ``encryptedData`` of a mini program.

    Raises EnvelopeError: length, malformed, padding (another key), appid (another mini program's), or stale.
    """
    try:
        key, start, sealed = (b64decode(each, validate=True) for each in (session_key, iv, encrypted))
    except (binascii.Error, ValueError):
        raise EnvelopeError("malformed") from None
    if len(key) != 16 or len(start) != 16 or not sealed or len(sealed) % AES.block_size:
        raise EnvelopeError("length")
    try:
        plain = unpad(AES.new(key, AES.MODE_CBC, start).decrypt(sealed), AES.block_size)
    except ValueError:
        raise EnvelopeError("padding") from None
    return _checked(plain, appid, now)


def raw_data_matches(raw_data: str, session_key: str, signature: str) -> bool:
    """Returns whether the mini program's rawData is unchanged, by its signature."""
    expected = sha1(
        (raw_data + session_key).encode(errors="surrogatepass"), usedforsecurity=False
    ).hexdigest()
    return compare_digest(expected.encode(), signature.encode(errors="surrogatepass"))


def _checked(plain: bytes, appid: str, now: float) -> dict[str, Any]:
    try:
        data = load_json(plain)
    except ValueError:
        # Hardly ever a wrong key's padding looks right; what comes out then is no JSON.
        raise EnvelopeError("malformed") from None
    watermark = data.get("watermark") if isinstance(data, dict) else None
    if not isinstance(watermark, dict) or watermark.get("appid") != appid:
        raise EnvelopeError("appid")
    if not -AHEAD <= now - number(watermark, "timestamp") <= OLDEST:
        raise EnvelopeError("stale")
    return dict(data)
