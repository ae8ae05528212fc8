"""Tests of profit sharing: receivers, shares, the rest, and returns."""

from __future__ import annotations

import base64
import csv
import json
from typing import Any

import pytest
import requests
from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

from simulator.pay import moments
from tests.simulator.pay.conftest import APIV3_KEY, APPID, MCHID, OPENID, NotifyServer, Shop, refused

SHARINGS = "/v3/profitsharing"
PARTNER, STAFF = "1900000110", "oStaff6KfXn2tR9vLw0Yp3dUbHs1M"
NUMBER = "SO20260302100000001"
NET = 9_940


@pytest.fixture
def sharer(shop: Shop, server: NotifyServer) -> Shop:
    """A merchant with two receivers, and an order that was paid to be shared."""
    more = {"apiv3_key": APIV3_KEY, "sharing_notify_url": server.url}
    shop.sim("/merchants", {"mchid": PARTNER, **more})
    receiver(shop, "MERCHANT_ID", PARTNER)
    receiver(shop, "PERSONAL_OPENID", STAFF, relation_type="STAFF")
    shop.order(settle_info={"profit_sharing": True})
    shop.pay(openid=OPENID)
    return shop


def receiver(shop: Shop, kind: str, account: str, what: str = "add", **more: Any) -> requests.Response:
    body = {"appid": APPID, "type": kind, "account": account, **more}
    if what == "add":
        body.setdefault("relation_type", "PARTNER")
    return shop.call("POST", f"{SHARINGS}/receivers/{what}", body)


def transaction(shop: Shop) -> str:
    return str(shop.ledger()["payments"][0]["transaction_id"])


def part(fen: int = 1_000, kind: str = "MERCHANT_ID", account: str = PARTNER) -> dict[str, Any]:
    return {"type": kind, "account": account, "amount": fen, "description": "分给合作方"}


def share(shop: Shop, *parts: dict[str, Any], number: str = "PS1", **differently: Any) -> requests.Response:
    body = {
        "appid": APPID,
        "transaction_id": transaction(shop),
        "out_order_no": number,
        "receivers": list(parts),
        "unfreeze_unsplit": False,
        **differently,
    }
    return shop.call("POST", f"{SHARINGS}/orders", body)


def asked(shop: Shop, number: str = "PS1") -> Any:
    return shop.call("GET", f"{SHARINGS}/orders/{number}?transaction_id={transaction(shop)}").json()


def left(shop: Shop) -> int:
    at = f"{SHARINGS}/transactions/{transaction(shop)}/amounts"
    return int(shop.call("GET", at).json()["unsplit_amount"])


def unfreeze(shop: Shop, number: str = "PS9") -> requests.Response:
    body = {"transaction_id": transaction(shop), "out_order_no": number, "description": "解冻"}
    return shop.call("POST", f"{SHARINGS}/orders/unfreeze", body)


def give_back(shop: Shop, fen: int, number: str = "RT1", **differently: Any) -> requests.Response:
    body = {
        "out_order_no": "PS1",
        "out_return_no": number,
        "return_mchid": PARTNER,
        "amount": fen,
        "description": "用户退款",
        **differently,
    }
    return shop.call("POST", f"{SHARINGS}/return-orders", body)


def balance(shop: Shop, mchid: str = MCHID) -> tuple[int, int]:
    ledger = shop.simulator.get(f"/merchants/{mchid}/ledger")
    return ledger["balance"], ledger["available"]


def test_what_is_to_be_shared_waits_and_cannot_be_spent(sharer: Shop) -> None:
    assert left(sharer) == NET
    assert balance(sharer) == (NET, 0)
    fund = sharer.call("GET", "/v3/merchant/fund/balance/BASIC").json()
    assert fund == {"available_amount": 0, "pending_amount": NET}


def test_parts_are_accepted_then_paid_out_and_their_merchant_is_notified(
    sharer: Shop, server: NotifyServer
) -> None:
    made = share(sharer, part(1_000), part(500, "PERSONAL_OPENID", STAFF)).json()
    assert made["state"] == "PROCESSING"
    assert {each["result"] for each in made["receivers"]} == {"PENDING"}
    assert left(sharer) == NET - 1_500
    sharer.settle(2)
    plain = asked(sharer)
    assert (plain["state"], plain["order_id"]) == ("FINISHED", made["order_id"])
    assert {each["result"] for each in plain["receivers"]} == {"SUCCESS"}
    assert balance(sharer) == (NET - 1_500, 0)
    assert balance(sharer, PARTNER) == (1_000, 1_000)
    assert sharer.simulator.get("/wallets")["wallets"][STAFF] == 1_000_500
    notifications = sharer.simulator.get(f"/notifications?mchid={PARTNER}")["notifications"]
    assert [each["event_type"] for each in notifications] == ["PROFITSHARING.SUCCESS"]
    came = server.came[-1]
    assert came.envelope["resource"]["original_type"] == "profitsharing"
    assert came.plain["receiver"] == {
        "type": "MERCHANT_ID", "account": PARTNER, "amount": 1_000, "description": "分给合作方",
    }  # fmt: skip
    assert (came.plain["mchid"], came.plain["out_order_no"]) == (MCHID, "PS1")


def test_the_rest_is_unfrozen_with_the_last_parts_or_alone(sharer: Shop) -> None:
    made = share(sharer, part(1_000), unfreeze_unsplit=True).json()
    assert [each["amount"] for each in made["receivers"]] == [1_000, NET - 1_000]
    sharer.settle(2)
    assert left(sharer) == 0
    assert balance(sharer) == (NET - 1_000, NET - 1_000)
    assert refused(unfreeze(sharer)) == (400, "INVALID_REQUEST")


def test_an_order_nobody_shall_have_a_part_of_is_unfrozen(sharer: Shop) -> None:
    made = unfreeze(sharer).json()
    assert unfreeze(sharer).json()["order_id"] == made["order_id"]
    sharer.settle(2)
    (only,) = asked(sharer, "PS9")["receivers"]
    assert (only["account"], only["amount"], only["result"]) == (MCHID, NET, "SUCCESS")
    assert balance(sharer) == (NET, NET)
    assert refused(share(sharer, part())) == (400, "INVALID_REQUEST")


def test_the_same_number_is_the_same_sharing(sharer: Shop) -> None:
    first = share(sharer, part(1_000)).json()
    assert share(sharer, part(1_000)).json()["order_id"] == first["order_id"]
    assert refused(share(sharer, part(900))) == (400, "INVALID_REQUEST")
    assert left(sharer) == NET - 1_000


def test_no_more_than_the_ratio_is_shared(sharer: Shop) -> None:
    assert refused(share(sharer, part(3_001))) == (403, "RULE_LIMIT")
    assert share(sharer, part(3_000)).status_code == 200
    assert refused(share(sharer, part(1), number="PS2")) == (403, "RULE_LIMIT")
    sharer.setup(sharing_ratio=10_000)
    assert refused(share(sharer, part(NET - 2_999), number="PS2")) == (403, "NOT_ENOUGH")


def test_a_receiver_has_to_be_added_and_may_be_deleted(sharer: Shop) -> None:
    stranger = part(100, "PERSONAL_OPENID", "oNobody")
    assert refused(share(sharer, stranger)) == (400, "INVALID_REQUEST")
    share(sharer, part(100))
    gone = receiver(sharer, "MERCHANT_ID", PARTNER, "delete")
    assert gone.json() == {"type": "MERCHANT_ID", "account": PARTNER}
    assert receiver(sharer, "MERCHANT_ID", PARTNER, "delete").status_code == 200
    sharer.settle(2)
    (only,) = asked(sharer)["receivers"]
    assert (only["result"], only["fail_reason"]) == ("CLOSED", "NO_RELATION")
    assert left(sharer) == NET


def test_a_receiver_that_is_there_may_be_changed_when_there_is_room_for_no_other(sharer: Shop) -> None:
    state = sharer.simulator.get("/state")
    receivers = state["pay"]["merchants"][MCHID]["receivers"]
    usual = next(iter(receivers.values()))
    receivers |= {f"{number}": usual for number in range(20_000 - len(receivers))}
    sharer.sim("/state", state, method="PUT")
    assert receiver(sharer, "PERSONAL_OPENID", STAFF, relation_type="DISTRIBUTOR").ok
    assert refused(receiver(sharer, "PERSONAL_OPENID", OPENID)) == (403, "RULE_LIMIT")


def test_a_part_may_be_made_to_fail(sharer: Shop) -> None:
    sharer.sim("/pay/faults", {"at": "sharing", "ends": "CLOSED", "times": 1})
    share(sharer, part(1_000), unfreeze_unsplit=True)
    sharer.settle(2)
    first = asked(sharer)["receivers"][0]
    assert (first["result"], first["fail_reason"]) == ("CLOSED", "ACCOUNT_ABNORMAL")
    assert balance(sharer) == (NET, NET)


def sealed(shop: Shop, text: str) -> str:
    key = RSA.import_key(shop.described["platform"]["public_key"])
    return base64.b64encode(PKCS1_OAEP.new(key).encrypt(text.encode())).decode()


def test_a_receivers_name_is_encrypted(sharer: Shop) -> None:
    name = sealed(sharer, "李店长")
    made = receiver(sharer, "PERSONAL_OPENID", "oManager", name=name, relation_type="STORE_OWNER")
    assert (made.status_code, made.json()["name"]) == (200, name)
    assert refused(receiver(sharer, "PERSONAL_OPENID", "oManager", name="plain"))[1] == "PARAM_ERROR"
    named = {**part(100, "PERSONAL_OPENID", "oManager"), "name": name}
    assert share(sharer, named).status_code == 200
    again = {**part(100, "PERSONAL_OPENID", "oManager"), "name": sealed(sharer, "李店长")}
    assert share(sharer, again).json()["out_order_no"] == "PS1"
    assert refused(share(sharer, {**named, "name": "plain"}, number="PS2"))[1] == "PARAM_ERROR"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": "MERCHANT_ID", "account": "1"}, (400, "INVALID_REQUEST")),
        ({"appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"relation_type": "FRIEND"}, (400, "PARAM_ERROR")),
        ({"relation_type": "CUSTOM"}, (400, "PARAM_ERROR")),
        ({"custom_relation": "代理"}, (400, "PARAM_ERROR")),
        ({"type": "PERSONAL_SUB_OPENID"}, (400, "PARAM_ERROR")),
        ({"sub_mchid": "1"}, (403, "NO_AUTH")),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(shop: Shop, changes: Any, expected: Any) -> None:
    body = {"appid": APPID, "type": "PERSONAL_OPENID", "account": OPENID, "relation_type": "USER", **changes}
    assert refused(shop.call("POST", f"{SHARINGS}/receivers/add", body)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"transaction_id": "4200"}, (404, "RESOURCE_NOT_EXISTS")),
        ({"out_order_no": "P S"}, (400, "PARAM_ERROR")),
        ({"unfreeze_unsplit": "no"}, (400, "PARAM_ERROR")),
        ({"appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"sub_mchid": "1"}, (403, "NO_AUTH")),
    ],
)
def test_a_sharing_that_cannot_be_is_refused(sharer: Shop, changes: Any, expected: Any) -> None:
    assert refused(share(sharer, part(), **changes)) == expected


def test_an_order_that_was_not_to_be_shared_is_not(shop: Shop) -> None:
    shop.order()
    shop.pay(openid=OPENID)
    assert refused(share(shop, part())) == (400, "INVALID_REQUEST")
    assert left(shop) == 0


def test_unknown_numbers_are_404(sharer: Shop) -> None:
    at = f"?transaction_id={transaction(sharer)}"
    assert refused(sharer.call("GET", f"{SHARINGS}/orders/PS1{at}")) == (404, "RESOURCE_NOT_EXISTS")
    assert refused(sharer.call("GET", f"{SHARINGS}/orders/PS1")) == (400, "PARAM_ERROR")
    assert refused(sharer.call("GET", f"{SHARINGS}/transactions/1/amounts"))[0] == 404
    assert refused(sharer.call("GET", f"{SHARINGS}/return-orders/RT1?out_order_no=PS1"))[0] == 404
    assert refused(give_back(sharer, 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert refused(give_back(sharer, 1, out_order_no="")) == (400, "PARAM_ERROR")


def test_a_part_is_given_back_before_it_is_refunded(sharer: Shop, server: NotifyServer) -> None:
    share(sharer, part(3_000), unfreeze_unsplit=True)
    sharer.settle(2)
    whole: dict[str, Any] = {"amount": {"refund": 10_000, "total": 10_000, "currency": "CNY"}}
    assert refused(sharer.refund(**whole)) == (403, "NOT_ENOUGH")
    done = give_back(sharer, 3_000).json()
    assert done["result"] == "SUCCESS"
    assert give_back(sharer, 3_000).json() == done
    assert sharer.call("GET", f"{SHARINGS}/return-orders/RT1?out_order_no=PS1").json() == done
    assert refused(give_back(sharer, 2_000)) == (400, "INVALID_REQUEST")
    assert refused(give_back(sharer, 1, "RT2")) == (400, "INVALID_REQUEST")
    assert (balance(sharer), balance(sharer, PARTNER)) == ((NET, NET), (0, 0))
    sharer.settle()
    assert server.came[-1].envelope["event_type"] == "PROFITSHARING.RETURN"
    assert sharer.refund(**whole).status_code == 200


def test_a_receiver_without_the_money_or_the_will_gives_nothing_back(sharer: Shop) -> None:
    share(sharer, part(1_000))
    sharer.settle(2)
    sharer.sim("/merchants", {"mchid": PARTNER, "sharing_returns": False})
    assert refused(give_back(sharer, 500)) == (403, "NO_AUTH")
    sharer.sim("/merchants", {"mchid": PARTNER, "sharing_returns": True, "balance": 100})
    failed = give_back(sharer, 500).json()
    assert (failed["result"], failed["fail_reason"]) == ("FAILED", "BALANCE_NOT_ENOUGH")


def test_a_refund_is_taken_from_what_waits_for_being_shared(sharer: Shop) -> None:
    assert sharer.refund(fen=3_000).status_code == 200
    assert left(sharer) == NET - 2_982
    assert balance(sharer)[1] == 0


def test_a_day_of_sharing_has_a_bill(sharer: Shop) -> None:
    share(sharer, part(1_000), unfreeze_unsplit=True)
    sharer.settle(2)
    give_back(sharer, 400)
    day = moments.day(sharer.simulator.get("/clock")["now"])
    sharer.settle(3 * 86_400)

    def rows(target: str) -> list[dict[str, str]]:
        link = sharer.call("GET", target).json()["download_url"].removeprefix(sharer.simulator.base)
        text = sharer.call("GET", link).content.decode().replace("`", "")
        return list(csv.DictReader(text.splitlines()))

    bill = rows(f"{SHARINGS}/bills?bill_date={day}")
    found = [(each["业务类型"], each["金额"], each["分账接收方"], each["处理状态"]) for each in bill]
    assert found == [
        ("分账", "10.00", PARTNER, "成功"),
        ("解冻", "89.40", MCHID, "成功"),
        ("分账回退", "4.00", PARTNER, "成功"),
    ]
    flow = rows(f"/v3/bill/fundflowbill?bill_date={day}")
    amounts = {each["业务名称"]: each["收支金额(元)"] for each in flow}
    assert (amounts["分账"], amounts["分账回退"]) == ("10.00", "4.00")
    before = moments.day(sharer.simulator.get("/clock")["now"] - 2 * 86_400)
    assert refused(sharer.call("GET", f"{SHARINGS}/bills?bill_date={before}")) == (400, "NO_STATEMENT_EXIST")


def test_a_service_provider_shares_for_whom_it_serves(shop: Shop, server: NotifyServer) -> None:
    shop.sim("/merchants", {"mchid": PARTNER, "sharing_ratio": 2_000})
    shop.setup(sub_mchids=[PARTNER])
    who = {"sp_appid": APPID, "sp_mchid": MCHID, "sub_mchid": PARTNER}
    body = {key: value for key, value in shop.order_body(NUMBER).items() if key not in ("appid", "mchid")}
    body |= {**who, "payer": {"sp_openid": OPENID}, "settle_info": {"profit_sharing": True}}
    assert shop.call("POST", "/v3/pay/partner/transactions/jsapi", body).status_code == 200
    shop.pay()
    config = shop.call("GET", f"{SHARINGS}/merchant-configs/{PARTNER}").json()
    assert config == {"sub_mchid": PARTNER, "max_ratio": 2_000}
    assert refused(shop.call("GET", f"{SHARINGS}/merchant-configs/1")) == (403, "NO_AUTH")
    mine = part(2_000, "MERCHANT_ID", MCHID)
    served = {"sub_mchid": PARTNER}
    assert refused(share(shop, mine)) == (404, "RESOURCE_NOT_EXISTS")
    assert receiver(shop, "MERCHANT_ID", MCHID, relation_type="SERVICE_PROVIDER", **served).ok
    assert share(shop, mine, **served).json()["sub_mchid"] == PARTNER
    shop.settle(2)
    assert balance(shop)[0] == 2_000
    assert balance(shop, PARTNER) == (NET - 2_000, 0)


def test_sharing_survives_saving_in_the_middle(sharer: Shop) -> None:
    share(sharer, part(1_000))
    state = sharer.simulator.get("/state")
    sharer.sim("/reset", {})
    sharer.simulator.sim("/state", state, method="PUT")
    assert json.dumps(sharer.simulator.get("/state")) == json.dumps(state)
    sharer.settle(2)
    assert asked(sharer)["state"] == "FINISHED"
