"""The platform's self test of signatures and encryption."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

from tests.simulator.pay.conftest import KEYS, NotifyServer, Shop, refused

OWN_KEY = RSA.import_key(KEYS["merchant"]["private_key_pem"])


def echo(shop: Shop, **given: Any) -> requests.Response:
    serial = given.pop("serial", shop.described["platform"]["public_key_id"])
    body = {"echo_message": "hello", **given}
    return shop.call("POST", "/v3/security/echo", body, headers={"Wechatpay-Serial": serial})


def sealed(shop: Shop, text: str) -> str:
    key = RSA.import_key(shop.described["platform"]["public_key"])
    return base64.b64encode(PKCS1_OAEP.new(key).encrypt(text.encode())).decode()


def opened(text: str) -> str:
    return PKCS1_OAEP.new(OWN_KEY).decrypt(base64.b64decode(text)).decode()


def test_a_message_comes_back_signed(shop: Shop) -> None:
    answer = echo(shop)
    shop.verify(answer.headers, answer.content)
    assert answer.json() == {"echo_message": "hello"}


def test_an_encrypted_message_comes_back_encrypted_for_the_merchant(shop: Shop, server: NotifyServer) -> None:
    answer = echo(shop, encrypted_echo_message=sealed(shop, "机密"), notify_url=server.url).json()
    assert opened(answer["encrypted_echo_message"]) == "机密"
    shop.settle()
    (came,) = server.came
    shop.verify(came.headers, came.body)
    assert came.envelope["event_type"] == "SECURITY_ECHO.SUCCESS"
    assert came.envelope["resource"]["original_type"] == "security"
    assert came.plain["echo_message"] == "hello"
    assert opened(came.plain["encrypt_echo_message"]) == "机密"


@pytest.mark.parametrize(
    "given",
    [
        {"serial": ""},
        {"serial": "PUB_KEY_ID_0"},
        {"echo_message": ""},
        {"encrypted_echo_message": "plain"},
        {"notify_url": "https://shop.example.com/?x=1"},
    ],
)
def test_what_cannot_be_said_again_is_refused(shop: Shop, given: dict[str, Any]) -> None:
    assert refused(echo(shop, **given)) == (400, "PARAM_ERROR")
