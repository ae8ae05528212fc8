"""A refund that reached nobody is paid out in another way."""

from typing import Any

import pytest
from django.test import Client

from accounts.approvals.models import ApprovalLimit
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry, StaffRight
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Refund
from payments.orders.refunds import refunding
from payments.orders.states import RefundState
from tests.cast import member, signed_in
from tests.payments.world import usual_order
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import refunds

pytestmark = pytest.mark.django_db(transaction=True)

CARD = {"to": "card", "bank": "CMB_DEBIT", "number": "6225 8801 2345 6789", "holder": "李雷"}


@pytest.fixture
def stuck(simulated: Simulated, simulated_merchant: Merchant) -> Refund:
    """Returns a refund that WeChat Pay could pay out neither to the card nor to the wallet."""
    account = simulated_merchant.accounts.get()
    wanted = usual_order(account=account, merchant=simulated_merchant, openid="oPayer")
    order = ordering.place(ordering.create(wanted))
    simulated.pay(order.prepay, "oPayer")
    # Only the platform's clock moves on here.
    simulated.sim("/settings", {"sign_with_clock": False})
    fault = {"mchid": simulated_merchant.mchid, "at": "refund", "ends": "ABNORMAL", "times": 1}
    simulated.sim("/pay/faults", fault)
    refund = refunding.request(order, 3000, source="test", key="r1")
    work.run("orders.refund")
    simulated.pass_time(3600)
    refund.refresh_from_db()
    assert refund.state == RefundState.ABNORMAL
    return refund


def waiting(client: Client) -> list[str]:
    """Returns which kinds of things wait for the reader."""
    kinds = client.get("/admin/todo/counts/").json()["kinds"]
    return [each["key"].partition(":")[2] for each in kinds]


def pay_out(client: Client, refund: Refund, **fields: str) -> Any:
    return client.post(f"/admin/orders/refund/{refund.pk}/pay_out/", fields)


@pytest.mark.parametrize(
    "fields",
    [CARD, {**CARD, "bank": "NBCB_DEBIT"}, {"to": "merchant"}],
    ids=["card", "card of Ningbo", "merchant"],
)
def test_finance_has_it_paid_out_in_another_way(
    simulated: Simulated, stuck: Refund, money: Client, fields: dict[str, str]
) -> None:
    assert "pay_out" in money.get(f"/admin/orders/refund/{stuck.pk}/change/").content.decode()
    assert "¥30.00" in money.get(f"/admin/orders/refund/{stuck.pk}/pay_out/").content.decode()
    assert pay_out(money, stuck, **fields).status_code == 302
    stuck.refresh_from_db()
    assert stuck.state == RefundState.PROCESSING
    assert waiting(money) == []
    assert "pay_out" not in money.get(f"/admin/orders/refund/{stuck.pk}/change/").content.decode()
    simulated.pass_time(3600)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.SUCCESS
    assert stuck.order.steps.filter(by="money").exists()
    kept = " ".join(str(row) for row in (*AuditEntry.objects.values(), *Refund.objects.values()))
    # Eight digits in a row: fewer can be found in a time or a number of our own by chance.
    assert not [half for half in ("62258801", "23456789") if half in kept.replace(" ", "")]
    assert "李雷" not in kept


def test_a_refund_that_fails_a_second_time_waits_again(
    simulated: Simulated, stuck: Refund, money: Client
) -> None:
    assert waiting(money) == ["refunds.abnormal"]
    fault = {"mchid": stuck.order.merchant.mchid, "at": "refund", "ends": "ABNORMAL", "times": 1}
    simulated.sim("/pay/faults", fault)
    pay_out(money, stuck, to="merchant")
    assert waiting(money) == []
    simulated.pass_time(3600)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.ABNORMAL
    assert waiting(money) == ["refunds.abnormal"]
    pay_out(money, stuck, to="merchant")
    simulated.pass_time(3600)
    stuck.refresh_from_db()
    assert stuck.state == RefundState.SUCCESS


def test_a_pay_out_whose_answer_is_lost_is_asked_about(
    stuck: Refund, money: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*given: Any) -> None:
        paid_out(*given)
        raise TransportError("no answer", outcome_unknown=True)

    paid_out = refunds.pay_out_abnormal
    monkeypatch.setattr(refunds, "pay_out_abnormal", lose)
    pay_out(money, stuck, to="merchant")
    work.run("orders.refund")
    stuck.refresh_from_db()
    assert stuck.state == RefundState.PROCESSING


def test_to_a_card_goes_no_more_than_somebody_refunds_alone(
    stuck: Refund, money: Client, account: OfficialAccount
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="finance", alone_up_to=2999)
    refused = pay_out(money, stuck, **CARD)
    assert (refused.status_code, "额度" in refused.content.decode()) == (200, True)
    assert not stuck.order.steps.filter(by="money").exists()
    owner = signed_in(member("boss", account, StaffRight.Role.OWNER))
    assert pay_out(owner, stuck, **CARD).status_code == 302
    assert stuck.order.steps.filter(by="boss").exists()


@pytest.mark.parametrize(
    "differently", [{"number": "12ab"}, {"holder": ""}, {"bank": ""}, {"bank": "XYZ"}], ids=str
)
def test_half_a_card_is_refused(stuck: Refund, money: Client, differently: dict[str, str]) -> None:
    answer = pay_out(money, stuck, **{**CARD, **differently})
    assert answer.status_code == 200
    assert "filter-error" in answer.content.decode()
    stuck.refresh_from_db()
    assert stuck.state == RefundState.ABNORMAL


def test_what_wechat_refuses_is_said(simulated: Simulated, stuck: Refund, money: Client) -> None:
    mchid, number = stuck.order.merchant.mchid, stuck.out_refund_no
    simulated.sim("/pay/faults", {"mchid": mchid, "at": "notification", "lose": True, "times": 1})
    simulated.sim(f"/merchants/{mchid}/refunds/{number}", {"status": "CLOSED"})
    shown = pay_out(money, stuck, to="merchant")
    assert shown.status_code == 200
    assert "filter-error" in shown.content.decode()


def test_only_who_may_refund_does_that(stuck: Refund, account: OfficialAccount) -> None:
    auditor = signed_in(member("reader", account, StaffRight.Role.AUDITOR))
    assert "pay_out" not in auditor.get(f"/admin/orders/refund/{stuck.pk}/change/").content.decode()
    assert pay_out(auditor, stuck, **CARD).status_code == 403
    editor = signed_in(member("editor", account, StaffRight.Role.EDITOR))
    assert pay_out(editor, stuck, **CARD).status_code in {302, 403, 404}
    stuck.refresh_from_db()
    assert stuck.state == RefundState.ABNORMAL


def test_a_refund_that_is_not_abnormal_is_left_alone(stuck: Refund, money: Client) -> None:
    Refund.objects.filter(pk=stuck.pk).update(state=RefundState.CLOSED, due_at=None)
    assert pay_out(money, stuck, **CARD).status_code == 302
    assert not stuck.order.steps.filter(by="money").exists()
