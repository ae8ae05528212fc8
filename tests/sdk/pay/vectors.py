"""The recorded test vectors of WeChat Pay."""

import json
from collections.abc import Mapping
from typing import Any

from requests.structures import CaseInsensitiveDict

from tests.sdk.data import DATA
from wechat.sdk.pay.certificates import read_certificate
from wechat.sdk.pay.keys import MerchantKeys, PlatformKeys, platform_keys, read_private_key

VECTORS: dict[str, Any] = json.loads((DATA / "vectors" / "pay_v3.json").read_text("utf-8"))
KEYS = VECTORS["keys"]
NOW = VECTORS["base_time"]["epoch"]
BILLS = DATA / "bills"


def name(vector: dict[str, Any]) -> str:
    """Returns the name of a vector in a test run."""
    return str(vector["name"])


def merchant_keys() -> MerchantKeys:
    merchant = KEYS["merchant"]
    return MerchantKeys(
        mchid=KEYS["mchid"],
        serial_no=merchant["serial_no"],
        private_key=read_private_key(merchant["private_key_pem"]),
        api_v3_key=KEYS["apiv3_key"].encode(),
    )


def all_platform_keys() -> PlatformKeys:
    """Returns the public key and both certificates, which are all in use during a key switch."""
    return platform_keys(
        [read_certificate(one["certificate_pem"]) for one in KEYS["platform_certificates"]],
        KEYS["wechatpay_public_key"]["public_key_id"],
        KEYS["wechatpay_public_key"]["public_key_pem"],
    )


def headers(vector: dict[str, Any]) -> Mapping[str, str]:
    return CaseInsensitiveDict(vector["headers"])
