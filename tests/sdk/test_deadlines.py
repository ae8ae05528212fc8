"""Tests of deadlines: no call takes longer, in whichever way the server is slow."""

import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.sdk.pay.vectors import KEYS
from tests.slow import WAYS, slow_receiver
from wechat.sdk import deadlines
from wechat.sdk.downloads import download
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import bills
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.keys import MerchantKeys, platform_keys, read_private_key
from wechat.sdk.pay.v2_client import V2Client, V2Keys
from wechat.sdk.transport import ApiRequest, Transport

SOON = 0.2


def everywhere(host: str, port: int, address: str) -> bool:
    return True


def ask(base: str) -> None:
    Transport(base).ask(ApiRequest("POST", "/cgi-bin/message/custom/send", body={"touser": "o"}))


def fetch_media(base: str) -> None:
    Transport(base).download(ApiRequest("GET", "/cgi-bin/media/get"))


def pay(base: str) -> None:
    pay_client(base).get("/v3/pay/transactions/id/1")


def fetch_bill(base: str) -> None:
    list(bills.stream(pay_client(base), bills.BillAddress(f"{base}/bill", "0" * 40)))


def pay_client(base: str) -> PayClient:
    merchant = KEYS["merchant"]
    keys = MerchantKeys(
        KEYS["mchid"],
        merchant["serial_no"],
        read_private_key(merchant["private_key_pem"]),
        KEYS["apiv3_key"].encode(),
    )
    return PayClient(keys, platform_keys(), base)


def pay_by_the_older_interface(base: str) -> None:
    V2Client(V2Keys(KEYS["mchid"], KEYS["apiv2_key"]), base).call("/pay/orderquery", {})


def fetch_file(base: str) -> None:
    download(base, admission=everywhere, most=1000, seconds=60, timeout=(3, 10))


CALLS = [ask, fetch_media, pay, fetch_bill, pay_by_the_older_interface, fetch_file]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("call", CALLS)
def test_a_slow_receiver_is_given_up_at_the_deadline(call: Callable[[str], None], way: str) -> None:
    with (
        slow_receiver(way) as base,
        deadlines.within(SOON),
        pytest.raises(TransportError, match=r"(failed|broke off): (Read|Connect)"),
    ):
        call(base)


def test_a_receiver_that_shakes_no_hand_got_nothing() -> None:
    with (
        slow_receiver("says nothing") as base,
        deadlines.within(SOON),
        pytest.raises(TransportError) as lost,
    ):
        ask(base.replace("http:", "https:"))
    assert not lost.value.outcome_unknown


def test_a_name_that_is_not_resolved_in_time_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def stuck(*args: Any, **kwargs: Any) -> list[Any]:
        over.wait(60)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    try:
        with (
            deadlines.within(SOON),
            pytest.raises(TransportError, match="ConnectTimeout") as lost,
        ):
            ask("http://platform.example")
    finally:
        over.set()
    assert not lost.value.outcome_unknown


def test_the_earlier_of_two_deadlines_counts() -> None:
    with deadlines.within(5):
        outer = deadlines.current()
        with deadlines.within(60):
            assert deadlines.current() == outer
        with deadlines.within(1):
            assert deadlines.current() < outer
    with pytest.raises(TimeoutError):
        deadlines.left(0)
