"""The platform's side of a callback, written from its documentation without the console's code."""

import base64
import hashlib
import json
import os
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from Crypto.Cipher import AES
from lxml import etree

_numbers = count(25_120_768_914_437_000)


@dataclass(frozen=True)
class Push:
    query: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Platform:
    """A platform that signs and encrypts pushes for one account, and decrypts its replies."""

    appid: str
    token: str
    aes_key: str
    original_id: str

    def text(self, content: str, *, openid: str = "oFollower", msg_id: int | None = None) -> str:
        return self.message(openid, "text", f"<Content><![CDATA[{content}]]></Content>", msg_id=msg_id)

    def message(self, openid: str, kind: str, inner: str, *, msg_id: int | None = None) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{self.original_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[{openid}]]></FromUserName><CreateTime>{int(time.time())}</CreateTime>"
            f"<MsgType><![CDATA[{kind}]]></MsgType>{inner}<MsgId>{msg_id or next(_numbers)}</MsgId></xml>"
        )

    def event(self, openid: str, name: str, inner: str = "", *, at: int | None = None) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{self.original_id}]]></ToUserName>"
            f"<FromUserName><![CDATA[{openid}]]></FromUserName>"
            f"<CreateTime>{at or int(time.time())}</CreateTime>"
            f"<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{name}]]></Event>{inner}</xml>"
        )

    def plain(self, xml: str | bytes, *, at: int | None = None) -> Push:
        timestamp, nonce = str(at or int(time.time())), str(next(_numbers))
        query = {"timestamp": timestamp, "nonce": nonce, "signature": sign(self.token, timestamp, nonce)}
        return Push(query, xml if isinstance(xml, bytes) else xml.encode())

    def safe(self, xml: str | bytes, *, at: int | None = None, appid: str | None = None) -> Push:
        plain = self.plain("", at=at).query
        encrypted = self.encrypt(xml if isinstance(xml, bytes) else xml.encode(), appid or self.appid)
        signature = sign(self.token, plain["timestamp"], plain["nonce"], encrypted)
        query = {**plain, "encrypt_type": "aes", "msg_signature": signature}
        body = (
            f"<xml><ToUserName><![CDATA[{self.original_id}]]></ToUserName>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )
        return Push(query, body.encode())

    def in_json(self, xml: str, *, sealed: bool = True) -> Push:
        """Returns the same push in JSON, for accounts in JSON mode."""
        message = {
            str(child.tag): int(child.text) if child.tag in ("CreateTime", "MsgId") else child.text
            for child in etree.fromstring(xml)
            if child.text
        }
        push = self.plain(json.dumps(message, ensure_ascii=False))
        if not sealed:
            return push
        push = self.safe(push.body)
        encrypted = elements(push.body)["Encrypt"]
        return Push(push.query, json.dumps({"ToUserName": self.original_id, "Encrypt": encrypted}).encode())

    def encrypt(self, message: bytes, appid: str) -> str:
        key = base64.b64decode(self.aes_key + "=")
        raw = os.urandom(16) + struct.pack(">I", len(message)) + message + appid.encode()
        raw += bytes([32 - len(raw) % 32]) * (32 - len(raw) % 32)
        return base64.b64encode(AES.new(key, AES.MODE_CBC, key[:16]).encrypt(raw)).decode()

    def opened(self, reply: bytes) -> dict[str, str]:
        """Checks the signature of an encrypted reply; returns its elements."""
        return elements(self.unsealed(elements(reply)))

    def unsealed(self, sealed: Mapping[str, Any]) -> bytes:
        """Checks the signature of an envelope; returns its decrypted reply."""
        expected = sign(self.token, str(sealed["TimeStamp"]), sealed["Nonce"], sealed["Encrypt"])
        assert sealed["MsgSignature"] == expected
        key = base64.b64decode(self.aes_key + "=")
        raw = AES.new(key, AES.MODE_CBC, key[:16]).decrypt(base64.b64decode(sealed["Encrypt"]))
        (length,) = struct.unpack(">I", raw[16:20])
        return raw[20 : 20 + length]


def sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def elements(xml: bytes) -> dict[str, str]:
    return {str(child.tag): child.text or "" for child in etree.fromstring(xml)}
