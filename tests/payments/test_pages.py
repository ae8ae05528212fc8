import csv
import datetime
import re
from collections.abc import Iterator
from io import BytesIO, StringIO
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.utils import timezone, translation
from openpyxl import load_workbook
from pytest_django import Settings

from accounts.approvals.models import ApprovalLimit
from accounts.followers import searching
from accounts.followers.models import Follower
from accounts.staff.models import AuditEntry, StaffRight
from payments.bills.discrepancies import record
from payments.bills.models import Bill, Discrepancy
from payments.merchants.directory import keys_of
from payments.merchants.models import Merchant
from payments.notifications.models import Notification
from payments.orders import checkup
from payments.orders.filtering import RefundFilter
from payments.orders.mismatches import Mismatch, MismatchKind
from payments.orders.models import Order, Refund
from payments.orders.refunds import refunding
from payments.orders.states import OrderState, RefundState
from tests.cast import Cast, member, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import REFUNDS, answer_close, answer_query, notify, reply, report
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.pay.vectors import KEYS
from wechat.api.models import ApiClient
from wechat.kernel import work

# A second person is needed for some actions.
pytestmark = pytest.mark.usefixtures("staff")

ADMIN = "/admin"


def page(client: Client, path: str) -> str:
    response = client.get(f"{ADMIN}/{path}")
    assert response.status_code == 200, response.content
    content = b"".join(response) if response.streaming else response.content
    return content.decode()


def text(client: Client, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, path)))


def test_the_list_shows_orders_and_their_sums(money: Client, paid: Order, ordered: Ordered) -> None:
    ordered(key="open", total=55)
    shown = text(money, "orders/order/")
    assert paid.out_trade_no in shown
    assert "¥100.00" in shown
    assert "¥0.55" in shown
    today = timezone.localdate()
    days = text(money, f"orders/order/?since={today}&until={today}")
    assert "1 笔订单" in days
    assert "¥0.55" not in days
    for found in (paid.out_trade_no, paid.transaction_id, paid.openid):
        assert paid.out_trade_no in text(money, f"orders/order/?q={found}")
    assert paid.out_trade_no not in text(money, "orders/order/?state=closed")


def test_a_number_may_be_typed_in_full_width(money: Client, paid: Order) -> None:
    # Letters and digits as Chinese input methods type them, each so far from its usual place.
    typed = "".join(chr(ord(letter) + 0xFEE0) for letter in paid.out_trade_no)
    assert paid.out_trade_no in page(money, f"orders/order/?q={typed}")
    assert typed not in page(money, f"orders/order/?q={typed}")
    # A name is looked for as it is typed.
    assert "Ｋｅｖｉｎ" in page(money, "orders/order/?q=Ｋｅｖｉｎ")


def test_a_name_is_looked_for_among_the_newest_names_only(
    money: Client, paid: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many followers have one, the list is there at once."""
    Follower.objects.update_or_create(
        account=paid.account, openid=paid.payer_openid, defaults={"remark": "老王"}
    )
    assert paid.out_trade_no in page(money, "orders/order/?q=老王")
    Follower.objects.create(account=paid.account, openid="oNewer", remark="小王")
    monkeypatch.setattr(searching, "LOOKED_AT", 1)
    assert paid.out_trade_no not in page(money, "orders/order/?q=老王")
    assert paid.out_trade_no in page(money, f"orders/order/?q={paid.payer_openid}")


def test_an_order_tells_its_whole_history(money: Client, paid: Order) -> None:
    refunding.request(paid, 100, source="test", key="r", reason="售完")
    record(paid.merchant, Mismatch(MismatchKind.AMOUNT, "x", order=paid, here=1, there=2))
    shown = text(money, f"orders/order/{paid.pk}/change/")
    for word in ("会员年卡", "支付成功", "售完", "支付金额不一致", "生成订单", "退款…"):
        assert word in shown, word


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("OTHERS", "零钱或其他银行"),
        ("CMB_CREDIT", "招商银行信用卡"),
        ("ICBC_DEBIT", "工商银行储蓄卡"),
        ("ABCD_CREDIT", "ABCD_CREDIT"),
    ],
)
def test_an_order_names_the_bank_that_paid_it(money: Client, ordered: Ordered, code: str, shown: str) -> None:
    order = ordered()
    notify(order, bank_type=code)
    assert f" {shown} " in text(money, f"orders/order/{order.pk}/change/")


def test_the_history_of_an_order_is_in_the_language_of_its_reader(money: Client, paid: Order) -> None:
    for language, words in (("zh-hans", "状态变更 已支付"), ("en", "State changed Paid")):
        money.cookies["django_language"] = language
        shown = " ".join(text(money, f"orders/order/{paid.pk}/change/").split())
        assert words in shown


def test_the_reader_reads_in_their_language_what_somebody_did_in_another(money: Client, paid: Order) -> None:
    with translation.override("zh-hans"):
        made = refunding.request(paid, 100, source="test", key="r")
        record(paid.merchant, Mismatch(MismatchKind.AMOUNT, "x", order=paid, here=1, there=2))
    for language, refund, discrepancy in (
        ("zh-hans", f"{made}：申请中", "支付金额不一致"),
        ("en", f"{made}: Being asked for", "Another amount was paid"),
    ):
        money.cookies["django_language"] = language
        shown = text(money, f"orders/order/{paid.pk}/change/")
        assert (refund in shown, discrepancy in shown) == (True, True)


def dialog(client: Client, order: Order, amount: str, **more: str) -> Any:
    shown = page(client, f"orders/order/{order.pk}/refund/")
    key = re.search(r'name="key" value="(\w+)"', shown)
    assert key
    body = {"amount": amount, "reason": "售完", "key": key[1], **more}
    return client.post(f"{ADMIN}/orders/order/{order.pk}/refund/", body)


def test_a_refund_says_first_what_will_happen(money: Client, paid: Order) -> None:
    shown = dialog(money, paid, "30").content.decode()
    assert "¥30.00" in shown
    assert "¥70.00" in shown
    assert not Refund.objects.exists()
    assert dialog(money, paid, "30", confirmed="1").status_code == 302
    refund = Refund.objects.get()
    assert (refund.amount, refund.state, refund.reason) == (3000, RefundState.PENDING, "售完")
    assert refund.asked_by
    assert "WR" in text(money, f"orders/order/{paid.pk}/history/")


def test_the_same_dialog_sent_twice_is_one_refund(money: Client, paid: Order) -> None:
    body = {"amount": "30", "reason": "", "key": "same", "confirmed": "1"}
    for _again in range(2):
        money.post(f"{ADMIN}/orders/order/{paid.pk}/refund/", body)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize("amount", ["", "0", "-1", "100.01", "0.001", "一百", "1e9"])
def test_an_amount_that_cannot_be_is_refused_in_the_dialog(money: Client, paid: Order, amount: str) -> None:
    assert 'role="alert"' in dialog(money, paid, amount, confirmed="1").content.decode()
    assert not Refund.objects.exists()


def test_above_the_limit_the_dialog_says_who_decides(money: Client, paid: Order, staff: Cast) -> None:
    ApprovalLimit.objects.create(action="refund", account=paid.account, role="finance", alone_up_to=1000)
    assert "¥10.00" in dialog(money, paid, "30").content.decode()
    dialog(money, paid, "30", confirmed="1")
    refund = Refund.objects.get()
    assert refund.state == RefundState.WAITING
    address = f"{ADMIN}/orders/refund/{refund.pk}/decide/"
    money.post(address, {"agreed": "1"})
    refund.refresh_from_db()
    assert refund.state == RefundState.WAITING
    owner = signed_in(staff.owner)
    assert "¥30.00" in owner.get(address).content.decode()
    owner.post(address, {"agreed": "1"})
    refund.refresh_from_db()
    assert (refund.state, refund.decided_by) == (RefundState.PENDING, staff.owner)


def test_who_asked_for_a_refund_is_called_by_name(money: Client, paid: Order, staff: Cast) -> None:
    User.objects.filter(username="money").update(first_name="刘洋")
    dialog(money, paid, "30", confirmed="1")
    for each in ("", f"{Refund.objects.get().pk}/change/"):
        assert "刘洋" in page(signed_in(staff.owner), f"orders/refund/{each}")


def test_a_refund_can_be_rejected(money: Client, paid: Order, staff: Cast) -> None:
    ApprovalLimit.objects.create(action="refund", account=paid.account, role="finance", alone_up_to=0)
    dialog(money, paid, "30", confirmed="1")
    refund = Refund.objects.get()
    signed_in(staff.owner).post(f"{ADMIN}/orders/refund/{refund.pk}/decide/", {"rejected": "1"})
    refund.refresh_from_db()
    paid.refresh_from_db()
    assert (refund.state, paid.reserved) == (RefundState.REJECTED, 0)
    assert refund.out_refund_no in text(money, "orders/refund/?state=rejected")
    assert refund.out_refund_no in text(money, f"orders/refund/?q={paid.out_trade_no}")


def test_an_order_is_closed_after_a_question(money: Client, ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order)
    answer_close(pay, order)
    assert order.out_trade_no in page(money, f"orders/order/{order.pk}/close/")
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    money.post(f"{ADMIN}/orders/order/{order.pk}/close/")
    order.refresh_from_db()
    assert order.state == OrderState.CLOSED


def test_wechat_pay_is_asked_when_staff_want_to_know(
    money: Client, ordered: Ordered, pay: PayPlatform
) -> None:
    order = ordered()
    answer_query(pay, order, "SUCCESS")
    money.get(f"{ADMIN}/orders/order/{order.pk}/query/")
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    money.post(f"{ADMIN}/orders/order/{order.pk}/query/")
    order.refresh_from_db()
    assert order.state == OrderState.PAID


def everything(order: Order) -> Iterator[str]:
    yield f"{ADMIN}/orders/order/{order.pk}/change/"
    for name in ("refund", "close"):
        yield f"{ADMIN}/orders/order/{order.pk}/{name}/"


def test_who_has_no_right_to_money_sees_none(paid: Order, staff: Cast) -> None:
    for user in (staff.editor, staff.service, staff.outsider, staff.nobody):
        client = signed_in(user)
        for address in everything(paid):
            assert client.get(address).status_code in {302, 403, 404}, (user, address)
        assert paid.out_trade_no not in client.get(f"{ADMIN}/orders/order/").content.decode()
        assert client.get(f"{ADMIN}/orders/order/revenue/").status_code in {200, 403}
        answer = client.post(
            f"{ADMIN}/orders/order/{paid.pk}/refund/", {"amount": "1", "key": "k", "confirmed": "1"}
        )
        assert answer.status_code in {302, 403, 404}
    assert not Refund.objects.exists()


def test_an_auditor_looks_and_changes_nothing(paid: Order, staff: Cast) -> None:
    auditor = signed_in(staff.auditor)
    assert f"orders/order/{paid.pk}/refund" not in page(auditor, f"orders/order/{paid.pk}/change/")
    for name in ("refund", "close", "query"):
        assert auditor.post(f"{ADMIN}/orders/order/{paid.pk}/{name}/").status_code == 403


@pytest.fixture
def discrepancy(paid: Order) -> Discrepancy:
    return record(
        paid.merchant, Mismatch(MismatchKind.SECOND_PAYMENT, "WC1 4200", order=paid, here="a", there="b")
    )


def test_an_exception_is_closed_with_a_note_and_no_other_way(
    money: Client, discrepancy: Discrepancy, staff: Cast
) -> None:
    assert "重复支付" in text(money, "bills/discrepancy/")
    assert "重复支付" in text(money, f"bills/discrepancy/{discrepancy.pk}/change/")
    address = f"{ADMIN}/bills/discrepancy/{discrepancy.pk}/close/"
    money.post(address, {"note": "  "})
    signed_in(staff.auditor).post(address, {"note": "x"})
    discrepancy.refresh_from_db()
    assert discrepancy.state == "open"
    money.post(address, {"note": "已退款"})
    money.post(address, {"note": "另一个说法"})
    discrepancy.refresh_from_db()
    assert (discrepancy.state, discrepancy.note) == ("closed", "已退款")
    assert discrepancy.closed_by


def test_the_discrepancies_of_another_account_stay_there(discrepancy: Discrepancy, staff: Cast) -> None:
    outsider = signed_in(staff.outsider)
    discrepancy.merchant.accounts.add(staff.theirs)
    assert "重复支付" not in re.sub(
        r"<select.*?</select>", "", page(outsider, "bills/discrepancy/"), flags=re.S
    )
    assert outsider.get(f"{ADMIN}/bills/discrepancy/{discrepancy.pk}/change/").status_code in {302, 404}


@pytest.mark.django_db(transaction=True)
def test_a_notification_is_handled_again_by_hand(money: Client, ordered: Ordered) -> None:
    order, other = ordered(), ordered(key="other")
    notify(other)
    notify(order)
    notification = Notification.objects.get(state="failed")
    notification.resource["transaction_id"] = "4200009"
    notification.save()
    assert "重新处理" in text(money, f"notifications/notification/{notification.pk}/change/")
    money.post(f"{ADMIN}/notifications/notification/{notification.pk}/again/")
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert text(money, "notifications/notification/")


def test_a_bill_shows_both_sides(money: Client, paid: Order, merchant: Merchant) -> None:
    bill = Bill.objects.create(
        merchant=merchant, kind="trade", day=timezone.localdate(), state="matched", lines=1, income=10000
    )
    shown = text(money, f"bills/bill/{bill.pk}/change/")
    assert "¥100.00" in shown
    assert "不一致" in shown
    assert "¥100.00" in text(money, "bills/bill/")
    Bill.objects.update(state="waiting")
    assert "不一致" not in text(money, f"bills/bill/{bill.pk}/change/")


def test_a_month_is_exported_for_bookkeeping(money: Client, ordered: Ordered) -> None:
    client = ApiClient.objects.create(name="商城系统")
    order = ordered(description="=HYPERLINK(1)", source=f"api:{client.pk}")
    notify(order)
    order.refresh_from_db()
    refund = refunding.request(order, 100, source="test", key="r")
    Refund.objects.update(state="success", refund_id="5", succeeded_at=timezone.now(), due_at=None)
    month = f"{timezone.localdate():%Y-%m}"
    lines = page(money, f"bills/bill/export/?month={month}&as=csv").splitlines()
    assert lines[0].startswith("\ufeff")
    assert len(lines) == 3
    assert page(money, f"bills/bill/export/?month={month}&as=csv&by=paid_back").splitlines() == lines
    # An id of more than 15 digits is a text: of a number Excel would keep only the first 15.
    assert f"{order.out_trade_no},'{order.transaction_id},,'=HYPERLINK(1)" in lines[1]
    assert f"{refund.out_refund_no}" in lines[2]
    assert "-1.00" in lines[2]
    excel = money.get(f"{ADMIN}/bills/bill/export/?month={month}&as=xlsx")
    rows = list(load_workbook(BytesIO(b"".join(excel))).active.values)  # type: ignore[union-attr]
    assert [row[8] for row in rows[1:]] == [100, -1]
    assert [(row[7], row[10]) for row in rows[1:]] == [("微信内支付", "商城系统"), ("微信内支付", "test")]
    assert money.get(f"{ADMIN}/bills/bill/export/?month=never").status_code == 302


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_one_odd_description_does_not_end_the_months_export(
    money: Client, ordered: Ordered, form: str
) -> None:
    order = ordered()
    notify(order)
    Order.objects.filter(pk=order.pk).update(description="年\x0b卡\x1f", item="＝cmd()", source="\n=1")
    order.refresh_from_db()
    month = f"{timezone.localdate():%Y-%m}"
    answer: Any = money.get(f"{ADMIN}/bills/bill/export/?month={month}&as={form}")
    data = b"".join(answer)
    if form == "csv":
        row: list[Any] = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))[1]
        shown: tuple[Any, ...] = ("100.00", f"'{order.transaction_id}")
    else:
        sheet = load_workbook(BytesIO(data)).active
        assert sheet is not None
        row = [cell.value for cell in sheet[2]]
        shown = (100, order.transaction_id)
        assert sheet["I2"].number_format == "0.00"
    assert (row[8], row[3], row[5], row[6], row[10]) == (*shown, "年卡", "'＝cmd()", "'\n=1")


def merchant_fields(merchant: Merchant, **differently: Any) -> dict[str, Any]:
    usual = {
        "name": merchant.name,
        "slug": merchant.slug,
        "mchid": merchant.mchid,
        "serial_no": merchant.serial_no,
        "public_key_id": merchant.public_key_id,
        "public_key": merchant.public_key,
        "accounts": [account.pk for account in merchant.accounts.all()],
        "receipt_text": "",
        "enabled": "on",
        "new_private_key": "",
        "new_api_v3_key": "",
        "protocol": merchant.protocol,
        "certificate": "",
    }
    return {**usual, **differently}


def test_keys_go_in_and_never_come_out(merchant: Merchant, staff: Cast) -> None:
    owner = signed_in(staff.owner)
    shown = page(owner, f"merchants/merchant/{merchant.pk}/change/")
    assert KEYS["apiv3_key"] not in shown
    assert "PRIVATE KEY" not in shown
    address = f"{ADMIN}/merchants/merchant/{merchant.pk}/change/"
    misspelt = owner.post(address, merchant_fields(merchant, receipt_text="已收到 {amout} 元"))
    assert "{amout} 不是此处可用的变量" in misspelt.content.decode()
    wrong = owner.post(address, merchant_fields(merchant, new_api_v3_key="too short"))
    assert "too short" not in wrong.content.decode()
    changed = owner.post(address, merchant_fields(merchant, name="新名字", new_api_v3_key="n" * 32))
    assert changed.status_code == 302, changed.content
    merchant = Merchant.objects.get()
    assert (merchant.name, merchant.api_v3_key) == ("新名字", "n" * 32)
    assert merchant.private_key == KEYS["merchant"]["private_key_pem"]


def test_a_merchant_of_the_older_interface_alone_lacks_no_certificates(
    merchant: Merchant, staff: Cast
) -> None:
    Merchant.objects.update(protocol="v2-md5", api_v3_key="", public_key="", public_key_id="")
    listed = text(signed_in(staff.owner), "merchants/merchant/")
    assert ("APIv2 密钥" in listed, "平台证书" in listed) == (True, False)


def test_a_merchant_whose_keys_no_key_opens_is_shown_kept_and_given_new_ones(
    merchant: Merchant, staff: Cast, settings: Settings
) -> None:
    merchant.public_key_id = merchant.public_key = ""
    merchant.save()
    owner, address = signed_in(staff.owner), f"{ADMIN}/merchants/merchant/{merchant.pk}/change/"
    kept = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    assert merchant.name in text(owner, "merchants/merchant/")
    assert "FIELD_ENCRYPTION_KEYS" in page(owner, f"merchants/merchant/{merchant.pk}/change/")
    first = str(next(checkup.merchants(staff.ours)).sentence)
    assert ("FIELD_ENCRYPTION_KEYS" in first, merchant.name in first) == (True, True)
    assert owner.post(address, merchant_fields(merchant, name="新名字")).status_code == 302
    assert Merchant.objects.get().name == "新名字"
    settings.FIELD_ENCRYPTION_KEYS = kept
    assert Merchant.objects.get().private_key == KEYS["merchant"]["private_key_pem"]
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    entered = {"new_private_key": KEYS["merchant"]["private_key_pem"], "new_api_v3_key": "n" * 32}
    assert owner.post(address, merchant_fields(merchant, **entered)).status_code == 302
    assert keys_of(Merchant.objects.get()).keys.api_v3_key == b"n" * 32


def test_finance_does_not_touch_the_keys(merchant: Merchant, money: Client) -> None:
    assert money.get(f"{ADMIN}/merchants/merchant/{merchant.pk}/change/").status_code in {302, 403}


def test_a_merchant_shared_with_another_account_is_changed_by_nobody_alone(
    merchant: Merchant, staff: Cast
) -> None:
    merchant.accounts.add(staff.theirs)
    owner = signed_in(staff.owner)
    answer = owner.post(
        f"{ADMIN}/merchants/merchant/{merchant.pk}/change/", merchant_fields(merchant, name="我的了")
    )
    assert answer.status_code == 403
    superuser = signed_in(staff.superuser)
    assert superuser.get(f"{ADMIN}/merchants/merchant/{merchant.pk}/change/").status_code == 200


def test_a_refund_in_parts_beyond_the_limit_says_who_decides(money: Client, paid: Order) -> None:
    ApprovalLimit.objects.create(action="refund", account=paid.account, role="finance", alone_up_to=1000)
    dialog(money, paid, "6", confirmed="1")
    assert "¥4.00" in dialog(money, paid, "6").content.decode()
    dialog(money, paid, "6", confirmed="1")
    assert sorted(Refund.objects.values_list("state", flat=True)) == ["pending", "waiting"]


@pytest.fixture
def shared(paid: Order, merchant: Merchant, staff: Cast) -> Merchant:
    """Lets the merchant sell for another account too, which has sold nothing."""
    merchant.accounts.add(staff.theirs)
    return merchant


def test_finance_of_another_account_sees_nothing_of_ours_where_both_sell_through_one_merchant(
    shared: Merchant, staff: Cast, money: Client, paid: Order
) -> None:
    bill = Bill.objects.create(merchant=shared, kind="trade", day=timezone.localdate(), state="matched")
    unknown = record(shared, Mismatch(MismatchKind.UNKNOWN_ORDER, "WC9"))
    lost = Notification.objects.create(
        merchant=shared, notification_id="n", event_type="LOST", raw="", resource={}
    )
    ours = Notification.objects.get(order=paid)
    theirs = signed_in(member("their money", staff.theirs, StaffRight.Role.FINANCE))
    for kind, row in (
        ("bills/bill", bill),
        ("bills/discrepancy", unknown),
        ("notifications/notification", lost),
        ("notifications/notification", ours),
    ):
        for client in (theirs, money) if row != ours else (theirs,):
            assert client.get(f"{ADMIN}/{kind}/{row.pk}/change/").status_code in {302, 404}
            assert f"{kind}/{row.pk}/change" not in page(client, f"{kind}/")
    assert f"notifications/notification/{ours.pk}/change" in page(money, "notifications/notification/")
    both = User.objects.get(username="money")
    StaffRight.objects.create(user=both, account=staff.theirs, role=StaffRight.Role.FINANCE)
    for kind, row in (
        ("bills/bill", bill),
        ("bills/discrepancy", unknown),
        ("notifications/notification", lost),
        ("notifications/notification", ours),
    ):
        assert page(signed_in(both), f"{kind}/{row.pk}/change/")


def test_what_belongs_to_no_account_is_closed_by_whoever_may_act_for_all_of_them(
    shared: Merchant, staff: Cast
) -> None:
    unknown = record(shared, Mismatch(MismatchKind.UNKNOWN_ORDER, "WC9"))
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role=StaffRight.Role.AUDITOR)
    address = f"{ADMIN}/bills/discrepancy/{unknown.pk}/close/"
    assert signed_in(staff.owner).post(address, {"note": "x"}).status_code == 403
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role=StaffRight.Role.FINANCE)
    assert signed_in(staff.owner).post(address, {"note": "x"}).status_code == 302
    unknown.refresh_from_db()
    assert unknown.state == "closed"


def test_the_audit_log_tells_what_came_of_closing_an_order(
    money: Client, ordered: Ordered, pay: PayPlatform
) -> None:
    won, closed = ordered(), ordered(key="closed")
    answer_query(pay, won, "SUCCESS")
    answer_query(pay, closed)
    answer_close(pay, closed)
    for order, word in ((won, "已支付"), (closed, "已关闭")):
        money.post(f"{ADMIN}/orders/order/{order.pk}/close/")
        assert AuditEntry.objects.latest("pk").note == f"关闭订单：{word}"


def test_a_refund_that_waits_for_the_merchants_money_says_so(
    money: Client, paid: Order, pay: PayPlatform
) -> None:
    pay.pay[REFUNDS] = lambda request: refused(403, "NOT_ENOUGH", "余额不足")
    refund = refunding.request(paid, 100, source="test", key="r")
    work.run("orders.refund")
    assert "商户余额不足" in text(money, f"orders/refund/{refund.pk}/change/")
    # A to-do asks for the money; with it the refund goes on by itself.
    assert "有退款因商户余额不足而等待" in text(money, "todo/")
    pay.pay[REFUNDS] = lambda request: reply(**report(refund, "PROCESSING"))
    pay.pay[f"{REFUNDS}/{refund.out_refund_no}"] = lambda request: refused(404, "RESOURCE_NOT_EXISTS")
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=11)):
        work.run("orders.refund")
        assert "有退款因商户余额不足而等待" not in text(money, "todo/")


def plan(rows: QuerySet[Any]) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        return rows.explain()


def test_refunds_are_found_by_their_orders_number_in_an_index(paid: Order) -> None:
    refunding.request(paid, 100, source="test", key="r")
    form = RefundFilter({"q": paid.out_trade_no})
    assert form.is_valid()
    rows = form.narrow(Refund.objects.order_by())
    assert rows.count() == 1
    assert "Seq Scan" not in plan(rows)
