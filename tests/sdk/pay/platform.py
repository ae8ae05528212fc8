"""A fake WeChat Pay on a loopback port, which checks signatures and signs its answers."""

import json
import re
from base64 import b64decode
from collections.abc import Callable
from typing import Any

from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from tests.sdk.pay.vectors import KEYS, NOW
from tests.sdk.platform import Platform, Reply, Request
from wechat.sdk.pay import signing
from wechat.sdk.pay.signing import lines

PUBLIC_KEY_ID = KEYS["wechatpay_public_key"]["public_key_id"]
MERCHANT = RSA.import_key(KEYS["merchant"]["public_key_pem"])
AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')


def signed(body: bytes, status: int = 200, *, serial: str = PUBLIC_KEY_ID, at: int = NOW) -> Reply:
    certificates = {one["serial_no"]: one for one in KEYS["platform_certificates"]}
    private = RSA.import_key(certificates.get(serial, KEYS["wechatpay_public_key"])["private_key_pem"])
    return Reply(
        body,
        status=status,
        headers={
            "Wechatpay-Timestamp": str(at),
            "Wechatpay-Nonce": "n",
            "Wechatpay-Serial": serial,
            "Wechatpay-Signature": signing.sign(private, lines(str(at), "n", body)),
        },
    )


def answered(**fields: Any) -> Reply:
    return signed(json.dumps(fields, ensure_ascii=False).encode())


def refused(status: int, code: str, message: str = "不行") -> Reply:
    body = json.dumps({"code": code, "message": message}).encode()
    return Reply(body, status=status, headers={"Request-ID": "08ABC-0"})


class PayPlatform(Platform):
    """A fake WeChat Pay; ``pay[path]`` are its answers; requests without a valid signature are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.pay: dict[str, Callable[[Request], Reply]] = {}

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        if not self._is_genuine(request):
            return refused(401, "SIGN_ERROR", "签名错误")
        return self.pay[request.path](request)

    def _is_genuine(self, request: Request) -> bool:
        given = dict(AUTHORIZATION.findall(request.headers["Authorization"]))
        query = "&".join(f"{name}={value}" for name, value in request.query.items())
        target = request.path + (f"?{query}" if query else "")
        message = lines(request.method, target, given["timestamp"], given["nonce_str"], request.body)
        try:
            pkcs1_15.new(MERCHANT).verify(SHA256.new(message), b64decode(given["signature"]))
        except ValueError:
            return False
        return (given["mchid"], given["serial_no"]) == (KEYS["mchid"], KEYS["merchant"]["serial_no"])
