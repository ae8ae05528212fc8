"""The door of WeChat Pay's notifications, in both formats, signed and encrypted with keys of test vectors."""

import base64
import uuid
from random import Random
from time import time
from typing import Any

from Crypto.Cipher import AES
from Crypto.Hash import MD5
from Crypto.PublicKey import RSA

from bench.fuzz.inputs import Input, headers, part
from bench.fuzz.mutations import TEXTS, as_json, changed_json, scrambled
from bench.fuzz.world import OPENID, World
from tests.sdk.pay.vectors import KEYS
from wechat.sdk.pay import signing

PLATFORM = RSA.import_key(KEYS["wechatpay_public_key"]["private_key_pem"])


def notification(world: World, random: Random) -> Input:
    merchant = "fuzz" if random.random() < 0.95 else part(random, "fuzz")
    path = f"/pay/{merchant}/notify/{random.choice(['transaction', 'refund'])}"
    if random.random() < 0.2:
        return Input("POST", path, _older(world, random), headers(random, "text/xml"))
    about = random.choice(["transaction", "refund"])
    envelope = {
        "id": str(uuid.UUID(int=random.getrandbits(128))),
        "create_time": "2026-03-02T10:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": f"{about.upper()}.SUCCESS",
        "summary": "支付成功",
        "resource": _sealed(as_json(random, changed_json(random, _resource(world, about))), about),
    }
    body = as_json(random, changed_json(random, envelope) if random.random() < 0.3 else envelope)
    signed = _signed(body)
    if random.random() < 0.05:
        signed |= {random.choice(list(signed)): random.choice(["", "x", "-1", "9" * 400, "é"])}
    return Input("POST", path, body, headers(random, "application/json") | signed)


def _resource(world: World, about: str) -> dict[str, Any]:
    order = world.order
    amount = {"total": 100, "payer_total": 100, "currency": "CNY", "payer_currency": "CNY"}
    common = {
        "mchid": order.merchant.mchid, "out_trade_no": order.out_trade_no, "transaction_id": "4200002601",
        "success_time": "2026-03-02T10:00:00+08:00", "amount": amount,
    }  # fmt: skip
    if about == "refund":
        return common | {
            "out_refund_no": "WR1", "refund_id": "503", "refund_status": "SUCCESS",
            "user_received_account": "零钱", "amount": amount | {"refund": 100, "payer_refund": 100},
        }  # fmt: skip
    return common | {
        "appid": world.account.appid, "trade_type": "JSAPI", "trade_state": "SUCCESS", "bank_type": "OTHERS",
        "attach": "", "payer": {"openid": OPENID},
        "promotion_detail": [{"coupon_id": "1", "name": "券", "amount": 1}],
    }  # fmt: skip


def _sealed(resource: bytes, about: str) -> dict[str, str]:
    cipher = AES.new(KEYS["apiv3_key"].encode(), AES.MODE_GCM, nonce=b"0123456789ab")
    cipher.update(about.encode())
    body, tag = cipher.encrypt_and_digest(resource)
    return {
        "original_type": about,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(body + tag).decode(),
        "associated_data": about,
        "nonce": "0123456789ab",
    }


def _signed(body: bytes) -> dict[str, str]:
    timestamp = str(int(time()))
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": "nonce",
        "Wechatpay-Serial": KEYS["wechatpay_public_key"]["public_key_id"],
        "Wechatpay-Signature": signing.sign(PLATFORM, signing.lines(timestamp, "nonce", body)),
    }


def _older(world: World, random: Random) -> bytes:
    """Returns a notification of API v2: XML with an MD5 signature of its fields."""
    fields = {
        "appid": world.account.appid, "mch_id": world.order.merchant.mchid, "nonce_str": "n",
        "result_code": "SUCCESS", "return_code": "SUCCESS", "openid": OPENID, "trade_type": "JSAPI",
        "bank_type": "CMC", "total_fee": "100", "transaction_id": "42000026", "time_end": "20260302100000",
        "out_trade_no": world.order.out_trade_no,
    }  # fmt: skip
    fields[random.choice(list(fields))] = random.choice(TEXTS).encode(errors="replace").decode()[:5_000]
    text = "&".join(f"{each}={fields[each]}" for each in sorted(fields) if fields[each])
    fields["sign"] = MD5.new(f"{text}&key={KEYS['apiv2_key']}".encode()).hexdigest().upper()
    xml = "".join(f"<{each}><![CDATA[{value}]]></{each}>" for each, value in fields.items())
    body = f"<xml>{xml}</xml>".encode()
    return scrambled(random, body) if random.random() < 0.3 else body
