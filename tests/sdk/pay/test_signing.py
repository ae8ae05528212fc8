from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from Crypto.PublicKey import RSA

from tests.sdk.pay.vectors import KEYS, VECTORS, merchant_keys, name
from wechat.sdk.pay import signing, verifying

PUBLISHED = VECTORS["published_known_answers"]
CLIENTS = {vector["kind"]: vector for vector in VECTORS["client_invoke"]}


@pytest.mark.parametrize("vector", VECTORS["request_signatures"], ids=name)
def test_a_request_is_signed_as_recorded(vector: dict[str, Any]) -> None:
    value = signing.authorization(
        merchant_keys(),
        vector["method"],
        vector["canonical_url"],
        vector.get("signed_body", vector["body"]).encode(),
        timestamp=int(vector["timestamp"]),
        nonce_str=vector["nonce_str"],
    )
    assert value == vector["authorization"]


@pytest.mark.parametrize("vector", VECTORS["request_signatures"], ids=name)
def test_the_address_that_is_signed_is_the_one_that_is_sent(vector: dict[str, Any]) -> None:
    prepared = requests.Request(vector["method"], vector["url"]).prepare()
    assert prepared.path_url == vector["canonical_url"]


@pytest.mark.parametrize("vector", VECTORS["request_rejections"], ids=name)
def test_a_request_the_platform_must_refuse_is_none_that_we_would_make(vector: dict[str, Any]) -> None:
    """Every one of them comes out differently when it is signed anew at the server's time."""
    parts = urlsplit(vector["url"])
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    value = signing.authorization(
        merchant_keys(),
        vector["method"],
        path,
        vector.get("body", "").encode(),
        timestamp=vector["server_now"],
        nonce_str="593BEC0C930BF1AFEB40B4A08C8FB242",
    )
    assert value != vector.get("authorization")


def test_a_page_is_given_what_the_bridge_wants() -> None:
    vector = CLIENTS["jsapi"]["params"]
    assert signing.bridge(
        merchant_keys(),
        vector["appId"],
        vector["package"].removeprefix("prepay_id="),
        timestamp=int(vector["timeStamp"]),
        nonce_str=vector["nonceStr"],
    ) == vector  # fmt: skip


def test_a_mini_program_gets_the_same_without_its_appid() -> None:
    page, program = CLIENTS["jsapi"]["params"], CLIENTS["miniprogram"]["params"]
    assert {**page, "appId": KEYS["appid"]} == {**program, "appId": KEYS["appid"]}


@pytest.mark.parametrize("kind", ["request_post_jsapi", "jsapi_pay_sign", "app_pay_sign"])
def test_signatures_printed_in_the_documentation_hold(kind: str) -> None:
    key = RSA.import_key(PUBLISHED["merchant_public_key_pem"])
    assert verifying.holds(key, PUBLISHED[kind]["message"].encode(), PUBLISHED[kind]["signature"])


def test_the_answer_printed_in_the_documentation_holds() -> None:
    key = RSA.import_key(PUBLISHED["response"]["public_key_pem"])
    message = PUBLISHED["response"]["message"].encode()
    assert verifying.holds(key, message, PUBLISHED["response"]["signature"])


def test_every_nonce_is_another() -> None:
    assert len({signing.nonce() for _ in range(100)}) == 100
    assert len(signing.nonce()) == 32
