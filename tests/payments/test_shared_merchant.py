"""Two accounts sell through one merchant: what is counted for somebody is what the pages show them."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.bills.models import Bill, Discrepancy
from payments.merchants.held_work import WORKS
from payments.merchants.models import Merchant
from payments.notifications.models import Notification
from payments.orders.mismatches import MismatchKind
from payments.orders.models import Order
from tests.cast import Cast, member, signed_in
from wechat.kernel.models import Hold

pytestmark = pytest.mark.django_db

DISCREPANCIES, BILLS = "/admin/bills/discrepancy/", "/admin/bills/bill/"
NOTIFICATIONS, FAILURES = "/admin/notifications/notification/", "/admin/operations/failures/"
FINANCE, AUDITOR = StaffRight.Role.FINANCE, StaffRight.Role.AUDITOR
OF_ALL = {"bills.failed", "bills.held"}


@pytest.fixture
def bill(merchant: Merchant, staff: Cast) -> Bill:
    """Everything that may wait, of a merchant of both accounts; the bill has three discrepancies."""
    merchant.accounts.add(staff.theirs)
    now = timezone.now()
    bill = Bill.objects.create(
        merchant=merchant, kind="trade", day=timezone.localdate(), state="failed", due_at=None, error="gone"
    )
    for number, account in enumerate((staff.ours, staff.theirs, None)):
        Discrepancy.objects.create(
            merchant=merchant, account=account, bill=bill, kind=MismatchKind.AMOUNT, subject=str(number)
        )
        Notification.objects.create(
            merchant=merchant,
            order=_order(merchant, account) if account else None,
            notification_id=str(number),
            event_type="TRANSACTION.SUCCESS",
            raw="",
            resource={},
            error="gone",
        )
    Hold.objects.create(work=WORKS[0], subject=merchant.pk, cause="account", since=now, until=now)
    return bill


def _order(merchant: Merchant, account: OfficialAccount) -> Order:
    return Order.objects.create(
        account=account, merchant=merchant, out_trade_no=f"T{account.pk}", source="test", key="1",
        way=Order.Way.NATIVE, description="年卡", total=100, expires_at=timezone.now(), state="closed",
        due_at=None,
    )  # fmt: skip


def finance(staff: Cast, there: str | None = None) -> User:
    """Returns finance of our account, who may have another role in the other one that sells."""
    user = member("finance", staff.ours, FINANCE)
    if there:
        StaffRight.objects.create(user=user, account=staff.theirs, role=there)
    return user


def shown(user: User, account: OfficialAccount) -> Client:
    client = signed_in(user)
    client.post("/admin/account/", {"account": account.pk, "next": "/admin/"})
    return client


def waiting(user: User, account: OfficialAccount) -> dict[str, int]:
    kinds = signed_in(user).get("/admin/todo/counts/").json()["kinds"]
    found = {each["key"]: each["number"] for each in kinds}
    return {key.partition(":")[2]: found[key] for key in found if key.startswith(f"{account.pk}:")}


def listed(client: Client, page: str) -> int:
    return len(set(re.findall(rf"{page}(\d+)/change/", client.get(page).content.decode())))


def failed(client: Client, kind: str) -> int:
    groups = client.get(FAILURES).context["groups"]
    return sum(group.number for group in groups if group.name == kind)


def test_who_has_one_of_the_accounts_is_told_of_that_one_alone(bill: Bill, staff: Cast) -> None:
    user = finance(staff)
    client = shown(user, staff.ours)
    assert waiting(user, staff.ours) == {"bills.discrepancies": listed(client, DISCREPANCIES)}
    assert listed(client, DISCREPANCIES) == 1
    assert (listed(client, BILLS), failed(client, "bills")) == (0, 0)
    assert (listed(client, NOTIFICATIONS), failed(client, "notifications")) == (1, 1)


@pytest.mark.parametrize("who", ["both", "superuser"])
def test_who_has_both_is_told_of_each_and_of_what_is_of_neither(bill: Bill, staff: Cast, who: str) -> None:
    user = finance(staff, FINANCE) if who == "both" else staff.superuser
    for account in (staff.ours, staff.theirs):
        client = shown(user, account)
        assert waiting(user, account) == {
            "bills.discrepancies": listed(client, DISCREPANCIES)
        } | dict.fromkeys(OF_ALL, 1)
        assert listed(client, DISCREPANCIES) == 2
        assert (listed(client, BILLS), failed(client, "bills")) == (1, 1)
        assert (listed(client, NOTIFICATIONS), failed(client, "notifications")) == (2, 2)


def test_a_bill_counts_the_discrepancies_that_its_link_leads_to(bill: Bill, staff: Cast) -> None:
    client = shown(finance(staff, FINANCE), staff.ours)
    page = client.get(f"{BILLS}{bill.pk}/change/")
    assert page.context["open_count"] == listed(client, f"{DISCREPANCIES}")
    (row,) = client.get(BILLS).context["cl"].result_list
    assert row.open_count == 2


def test_what_concerns_all_accounts_waits_for_whoever_may_change_it_in_all(bill: Bill, staff: Cast) -> None:
    user = finance(staff, AUDITOR)
    client = shown(user, staff.ours)
    assert (listed(client, DISCREPANCIES), listed(client, BILLS)) == (2, 1)
    assert waiting(user, staff.ours) == {"bills.discrepancies": 1}
    # Looked at as an auditor there, it is tried again by nobody.
    for group in client.get(FAILURES).context["groups"]:
        posted = {"account": staff.ours.pk, "source": group.name, "cause": group.key}
        client.post(FAILURES, posted)
    bill.refresh_from_db()
    assert bill.state == Bill.State.FAILED
    notification = Notification.objects.get(order=None)
    assert client.post(f"{NOTIFICATIONS}{notification.pk}/again/").status_code == 403
