"""Notifications, as the merchant's server receives them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.pay.conftest import KEYS, MCHID, OPENID, NotifyServer, Shop

NUMBER = "SO20260302100000001"
SCHEDULE = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600]


def paid(shop: Shop, number: str = NUMBER) -> None:
    shop.order(number)
    shop.pay(number, openid=OPENID)


def notifications(shop: Shop) -> Any:
    return shop.simulator.get(f"/notifications?mchid={MCHID}")["notifications"]


def test_a_payment_is_told_once_signed_and_sealed(shop: Shop, server: NotifyServer) -> None:
    paid(shop)
    (came,) = server.came
    shop.verify(came.headers, came.body)
    assert came.headers["User-Agent"] == "Mozilla/4.0"
    assert came.envelope["event_type"] == "TRANSACTION.SUCCESS"
    assert came.envelope["resource"]["associated_data"] == "transaction"
    plain = shop.query().json()
    del plain["promotion_detail"], plain["scene_info"]
    assert came.plain == plain
    shop.settle(86_400)
    assert len(server.came) == 1


@pytest.mark.parametrize("status", [200, 204])
def test_two_statuses_end_the_repeats(shop: Shop, server: NotifyServer, status: int) -> None:
    server.status = status
    paid(shop)
    assert notifications(shop)[0]["due_at"] is None


@pytest.mark.parametrize("status", [201, 302, 400, 500])
def test_any_other_status_is_repeated(shop: Shop, server: NotifyServer, status: int) -> None:
    server.status = status
    paid(shop)
    server.status = 200
    shop.settle(15)
    assert [each["verdict"] for each in notifications(shop)[0]["attempts"]] == ["refused", "taken"]
    first, second = server.came
    assert first.envelope["id"] == second.envelope["id"]
    assert first.headers["Wechatpay-Nonce"] != second.headers["Wechatpay-Nonce"]
    assert first.headers["Wechatpay-Signature"] != second.headers["Wechatpay-Signature"]


def test_the_repeats_take_24_hours_and_4_minutes(shop: Shop, server: NotifyServer) -> None:
    server.status = 500
    paid(shop)
    for count, seconds in enumerate(SCHEDULE, start=1):
        shop.settle(seconds / 2)
        assert len(server.came) == count
        shop.settle(seconds / 2 + 0.1)
        assert len(server.came) == count + 1
    shop.settle(86_400)
    assert len(server.came) == 16
    assert sum(SCHEDULE) == 24 * 3600 + 4 * 60


def test_a_clock_moved_a_day_makes_up_for_all_repeats(shop: Shop, server: NotifyServer) -> None:
    server.status = 500
    paid(shop)
    shop.settle(2 * 86_400)
    assert len(server.came) == 16


def test_a_late_answer_counts_as_none(shop: Shop, server: NotifyServer) -> None:
    shop.sim("/pay/settings", {"notification_deadline": 0.2})
    server.pause = 0.6
    paid(shop)
    assert notifications(shop)[0]["attempts"][0]["verdict"] == "timeout"


def test_nobody_listening_is_an_error_and_repeated(shop: Shop) -> None:
    shop.notify_url = "http://127.0.0.1:9/pay/notify"
    paid(shop)
    notification = notifications(shop)[0]
    assert notification["attempts"][0]["verdict"] == "error"
    assert notification["due_at"] is not None


def test_a_probe_is_repeated_even_if_it_was_taken(shop: Shop, server: NotifyServer) -> None:
    shop.sim("/pay/faults", {"at": "notification", "spoil": "probe", "times": 1})
    paid(shop)
    shop.settle(15)
    probe, real = server.came
    assert probe.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    with pytest.raises(ValueError):
        shop.verify(probe.headers, probe.body)
    shop.verify(real.headers, real.body)


@pytest.mark.parametrize("spoil", ["stale", "serial", "unsigned", "body", "signature_type"])
def test_a_spoiled_notification_is_not_what_it_should_be(
    shop: Shop, server: NotifyServer, spoil: str
) -> None:
    shop.sim("/pay/faults", {"at": "notification", "spoil": spoil, "times": 1})
    paid(shop)
    headers = server.came[0].headers
    if spoil == "signature_type":
        assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SM2-WITH-SM3"
        return
    with pytest.raises((ValueError, KeyError, AssertionError, TypeError)):
        shop.verify(headers, server.came[0].body)


def test_duplicates_delays_and_losses_are_made_to_order(shop: Shop, server: NotifyServer) -> None:
    shop.sim("/pay/faults", {"at": "notification", "copies": 3, "times": 1})
    paid(shop)
    assert len(server.came) == 3
    shop.sim("/pay/faults", {"at": "notification", "delay": 60, "times": 1})
    paid(shop, "SO-late-00001")
    paid(shop, "SO-first-0001")
    shop.settle(60)
    assert [each.plain["out_trade_no"] for each in server.came[3:]] == ["SO-first-0001", "SO-late-00001"]
    shop.sim("/pay/faults", {"at": "notification", "lose": True})
    paid(shop, "SO-lost-00001")
    shop.settle(2 * 86_400)
    assert len(server.came) == 5


def test_any_notification_can_be_delivered_again(shop: Shop, server: NotifyServer) -> None:
    paid(shop)
    again = shop.sim(f"/notifications/{notifications(shop)[0]['id']}/deliver", {})
    assert again["verdict"] == "taken"
    assert server.came[0].plain == server.came[1].plain


def test_without_an_apiv3_key_nothing_is_sent(shop: Shop, server: NotifyServer) -> None:
    shop.setup(apiv3_key="")
    paid(shop)
    assert server.came == []


def test_while_switching_chance_picks_the_key(shop: Shop, server: NotifyServer) -> None:
    shop.setup(key_mode="switching", notify_share=0.5)
    for count in range(12):
        paid(shop, f"SO-switch-{count:04d}")
    serials = {shop.verify(each.headers, each.body).startswith("PUB_KEY_ID_") for each in server.came}
    assert serials == {True, False}
    shop.setup(notify_share=0)
    paid(shop, "SO-switch-last")
    assert not server.came[-1].headers["Wechatpay-Serial"].startswith("PUB_KEY_ID_")


def test_a_notification_outlives_a_restart(shop: Shop, server: NotifyServer) -> None:
    server.status = 500
    paid(shop)
    state = shop.simulator.get("/state")
    shop.sim("/reset", {})
    shop.sim("/state", state, "PUT")
    server.status = 200
    shop.settle(15)
    assert server.came[0].plain == server.came[1].plain
    assert KEYS["apiv3_key"] not in str(notifications(shop))


def test_the_notification_can_come_before_the_answer(shop: Shop, server: NotifyServer) -> None:
    paid(shop)
    shop.sim("/pay/settings", {"refund_seconds": 0})
    shop.sim("/pay/faults", {"at": "/v3/refund/domestic/refunds", "notification_first": True})
    shop.refund()
    assert [each.envelope["event_type"] for each in server.came] == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]
