"""The pushes for the load generator: signed, encrypted texts, each a different message."""

import base64
import hashlib
import random
import struct
import time
from pathlib import Path

from Crypto.Cipher import AES

APPID = "wx0123456789abcdef"
TOKEN = "benchtoken"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ORIGINAL_ID = "gh_0123456789ab"
KEY = base64.b64decode(AES_KEY + "=")


def write_pushes(path: Path, *, count: int) -> None:
    """Writes callbacks with current timestamps to a file, one a line: query, tab, body."""
    first = random.randrange(10**17, 9 * 10**17)
    with path.open("w") as file:
        file.writelines(f"{push(first + number)}\n" for number in range(count))


def push(msg_id: int) -> str:
    now, nonce = str(int(time.time())), str(random.randrange(10**9, 10**10))
    openid = f"o{random.randrange(36**10):027d}"
    sealed = _sealed(
        f"<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName><FromUserName><![CDATA[{openid}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[请问 价格 是多少]]></Content><MsgId>{msg_id}</MsgId></xml>"
    )
    return (
        f"signature={_sign(TOKEN, now, nonce)}&timestamp={now}&nonce={nonce}&openid={openid}&encrypt_type=aes"
        f"&msg_signature={_sign(TOKEN, now, nonce, sealed)}\t"
        f"<xml><ToUserName><![CDATA[{ORIGINAL_ID}]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )


def _sealed(xml: str) -> str:
    raw = random.randbytes(16) + struct.pack(">I", len(xml.encode())) + xml.encode() + APPID.encode()
    raw += bytes([32 - len(raw) % 32]) * (32 - len(raw) % 32)
    return base64.b64encode(AES.new(KEY, AES.MODE_CBC, KEY[:16]).encrypt(raw)).decode()


def _sign(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()
