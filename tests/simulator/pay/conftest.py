"""The fixtures of WeChat Pay's tests: a merchant that signs with pycryptodome, without shared code."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15

from tests.simulator.conftest import Simulator

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "data/wechat/vectors/pay_v3.json").read_text(encoding="utf-8")
)
KEYS = VECTORS["keys"]
MCHID, APPID, OPENID = KEYS["mchid"], KEYS["appid"], KEYS["openid"]
APIV3_KEY, V2_KEY = KEYS["apiv3_key"], KEYS["apiv2_key"]
SERIAL = KEYS["merchant"]["serial_no"]
NOTIFY = "https://shop.example.com/pay/notify"
ORDERS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"


@dataclass
class Shop:
    """A merchant that makes signed calls and checks the answers."""

    simulator: Simulator
    described: dict[str, Any] = field(default_factory=dict)
    mchid: str = MCHID
    serial: str = SERIAL
    key: RSA.RsaKey = field(default_factory=lambda: RSA.import_key(KEYS["merchant"]["private_key_pem"]))
    notify_url: str = NOTIFY

    @property
    def sim(self) -> Any:
        return self.simulator.sim

    def setup(self, **differently: Any) -> dict[str, Any]:
        given = {
            "mchid": MCHID,
            "name": "青橙健身",
            "appids": [APPID],
            "certificate": KEYS["merchant"]["certificate_pem"],
            "apiv3_key": APIV3_KEY,
            "v2_key": V2_KEY,
            **differently,
        }
        self.described = self.sim("/merchants", given)
        return self.described

    def authorization(self, method: str, target: str, body: bytes, **spoil: str) -> str:
        moment, nonce = (
            spoil.get("timestamp") or str(int(time.time())),
            spoil.get("nonce") or secrets.token_hex(16),
        )
        message = f"{method}\n{target}\n{moment}\n{nonce}\n".encode() + body + b"\n"
        signature = base64.b64encode(pkcs1_15.new(self.key).sign(SHA256.new(message))).decode()
        return (
            f'WECHATPAY2-SHA256-RSA2048 mchid="{self.mchid}",nonce_str="{nonce}",signature="{signature}",'
            f'timestamp="{moment}",serial_no="{self.serial}"'
        )

    def call(self, method: str, target: str, body: Any = None, **spoil: Any) -> requests.Response:
        """Calls an API; ``target`` is path and query.

        ``headers`` of ``spoil`` are added, None removes one.
        """
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers: dict[str, Any] = {
            "Authorization": self.authorization(method, target, data, **spoil.get("sign", {})),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "tests/1",
            "Wechatpay-Serial": self.described.get("platform", {}).get("public_key_id", ""),
        }
        headers |= spoil.get("headers", {})
        return self.simulator.session.request(
            method, self.simulator.base + target, data=spoil.get("data", data), headers=headers, timeout=30
        )

    def order(
        self, number: str = "SO20260302100000001", way: str = "jsapi", **differently: Any
    ) -> requests.Response:
        return self.call("POST", f"{ORDERS}/{way}", self.order_body(number, way, **differently))

    def order_body(self, number: str, way: str = "jsapi", **differently: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "appid": APPID,
            "mchid": self.mchid,
            "description": "会员年卡",
            "out_trade_no": number,
            "notify_url": self.notify_url,
            "amount": {"total": 10000, "currency": "CNY"},
            "attach": "shop=1",
        }
        if way == "jsapi":
            body["payer"] = {"openid": OPENID}
        if way == "h5":
            body["scene_info"] = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
        return {**body, **differently}

    def query(self, number: str = "SO20260302100000001") -> requests.Response:
        return self.call("GET", f"{ORDERS}/out-trade-no/{number}?mchid={self.mchid}")

    def close(self, number: str = "SO20260302100000001") -> requests.Response:
        return self.call("POST", f"{ORDERS}/out-trade-no/{number}/close", {"mchid": self.mchid})

    def pay(self, number: str = "SO20260302100000001", **given: Any) -> Any:
        return self.sim("/pay", {"mchid": self.mchid, "out_trade_no": number, **given})

    def refund(
        self, number: str = "RF20260302100000001", fen: int = 3000, **differently: Any
    ) -> requests.Response:
        return self.call("POST", REFUNDS, self.refund_body(number, fen, **differently))

    def refund_body(self, number: str, fen: int, **differently: Any) -> dict[str, Any]:
        return {
            "out_trade_no": "SO20260302100000001",
            "out_refund_no": number,
            "notify_url": self.notify_url,
            "amount": {"refund": fen, "total": 10000, "currency": "CNY"},
            **differently,
        }

    def settle(self, seconds: float = 0) -> None:
        """Moves the platform's clock by ``seconds``, and runs all due tasks."""
        self.sim("/clock", {"advance": seconds})
        self.sim("/notifications/settle", {})

    def ledger(self) -> Any:
        return self.simulator.get(f"/merchants/{self.mchid}/ledger")

    def public_keys(self) -> dict[str, RSA.RsaKey]:
        platform = self.simulator.get(f"/merchants/{self.mchid}")["platform"]
        found = {each["serial_no"]: RSA.import_key(each["certificate"]) for each in platform["certificates"]}
        if platform["public_key"]:
            found[platform["public_key_id"]] = RSA.import_key(platform["public_key"])
        return found

    def verify(self, headers: Any, body: bytes) -> str:
        """Returns the serial of the key that signed an answer. Raises ValueError if the signature is bad."""
        message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode() + body + b"\n"
        assert abs(int(headers["Wechatpay-Timestamp"]) - time.time()) <= 300
        serial = str(headers["Wechatpay-Serial"])
        signature = base64.b64decode(headers["Wechatpay-Signature"], validate=True)
        pkcs1_15.new(self.public_keys()[serial]).verify(SHA256.new(message), signature)
        return serial


def unseal(resource: dict[str, str], key: str = APIV3_KEY) -> bytes:
    cipher = AES.new(key.encode(), AES.MODE_GCM, nonce=resource["nonce"].encode())
    cipher.update(resource["associated_data"].encode())
    raw = base64.b64decode(resource["ciphertext"])
    return cipher.decrypt_and_verify(raw[:-16], raw[-16:])


@pytest.fixture
def shop(simulator: Simulator) -> Shop:
    shop = Shop(simulator)
    shop.setup()
    return shop


def refused(answer: requests.Response) -> tuple[int, str]:
    """Returns status and code of an error, which is never signed."""
    assert not [name for name in answer.headers if name.lower().startswith("wechatpay")]
    return answer.status_code, answer.json()["code"]


@dataclass
class Notified:
    headers: Any
    body: bytes

    @property
    def envelope(self) -> Any:
        return json.loads(self.body)

    @property
    def plain(self) -> Any:
        return json.loads(unseal(self.envelope["resource"]))


class NotifyServer(ThreadingHTTPServer):
    """A merchant's server: records notifications and answers with ``status`` after ``pause`` seconds."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), NotifyHandler)
        self.came: list[Notified] = []
        self.status, self.pause, self.answer = 200, 0.0, b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/pay/notify"


class NotifyHandler(BaseHTTPRequestHandler):
    server: NotifyServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append(Notified(self.headers, body))
        time.sleep(self.server.pause)
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *parts: object) -> None:
        """Logs nothing."""


@pytest.fixture
def server(shop: Shop) -> Iterator[NotifyServer]:
    """The merchant's server, whose URL is in its orders."""
    server = NotifyServer()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    shop.notify_url = server.url
    yield server
    server.shutdown()
    server.server_close()
