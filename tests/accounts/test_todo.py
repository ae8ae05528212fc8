"""Tests of the pending work of a user: counted in their accounts by their rights, and shown in one place."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.approvals.models import Approval
from accounts.followers.models import BulkJob, FollowerSync, Tag
from accounts.official.models import OfficialAccount, VerificationState
from accounts.staff.models import StaffRight
from accounts.staff.todo import KINDS, MOST, waiting
from menus import drafts
from menus.models import LiveMenu, Publication
from payments.bills.models import Bill, Discrepancy
from payments.merchants.held_work import WORKS
from payments.merchants.models import Merchant, PlatformCertificate
from payments.orders.mismatches import MismatchKind as Mismatch
from payments.orders.models import Order, OrderEvent, Refund, Shipment
from tests.cast import Cast, member, message, signed_in
from wechat.articles.models import Draft
from wechat.campaigns.models import Campaign, Enrolment, MassSend, Sequence, SequenceStep
from wechat.desk.models import Thread
from wechat.inbox.models import Refusal, Verification
from wechat.kernel.models import Hold
from wechat.materials.models import Asset, MaterialQuota
from wechat.pushes.models import Push
from wechat.webhooks.models import Endpoint, new_secret

pytestmark = pytest.mark.django_db

Make = Callable[[OfficialAccount], Any]
TEXT = {"type": "text", "content": "你好"}
LONG_AGO = datetime.timedelta(days=3)


def _held(work: str) -> Make:
    def make(account: OfficialAccount) -> None:
        now = timezone.now()
        until = now + datetime.timedelta(hours=2)
        Hold.objects.create(work=work, subject=account.pk, cause="quota", since=now, until=until)

    return make


def _push(account: OfficialAccount, state: str, reason: str) -> Push:
    number = Push.objects.count()
    return Push.objects.create(
        account=account, openid="oFollower", content=TEXT, key=f"todo:{number}", state=state, reason=reason,
        due_at=None,
    )  # fmt: skip


def _merchant(account: OfficialAccount) -> Merchant:
    found = Merchant.objects.filter(accounts=account).first()
    if found is None:
        found = Merchant.objects.create(
            slug=f"shop{account.pk}", name="商户", mchid=f"19{account.pk:08d}", serial_no="A" * 40
        )
        found.accounts.add(account)
    return found


def _merchant_held(account: OfficialAccount) -> None:
    now = timezone.now()
    Hold.objects.create(work=WORKS[0], subject=_merchant(account).pk, cause="account", since=now, until=now)


def _unsigned(account: OfficialAccount) -> None:
    now = timezone.now()
    endpoint = Endpoint.objects.create(account=account, url="https://example.com/unsigned", secret="")
    Hold.objects.create(work="webhooks.deliver", subject=endpoint.pk, cause="account", since=now, until=now)


def _certificate(account: OfficialAccount) -> None:
    now = timezone.now()
    PlatformCertificate.objects.create(
        merchant=_merchant(account), serial_no="1", pem="x", effective_at=now,
        expires_at=now + datetime.timedelta(days=2),
    )  # fmt: skip


def _order(account: OfficialAccount, **differently: Any) -> Order:
    now, number = timezone.now(), Order.objects.count()
    usual = {
        "account": account, "merchant": _merchant(account), "out_trade_no": f"T{account.pk}-{number}",
        "source": "test", "key": str(number), "way": Order.Way.NATIVE, "description": "年卡", "total": 100,
        "expires_at": now, "state": "paid", "paid_at": now, "transaction_id": str(number), "reserved": 10,
        "due_at": None,
    }  # fmt: skip
    return Order.objects.create(**{**usual, **differently})


def _refund(account: OfficialAccount, state: str, **more: Any) -> None:
    order = _order(account)
    Refund.objects.create(
        account=account, order=order, out_refund_no=f"R{order.pk}", source="staff", key=f"{order.pk}",
        amount=10, state=state, due_at=None if state == "waiting" else timezone.now(), **more,
    )  # fmt: skip


def _publication(account: OfficialAccount, **fields: Any) -> None:
    menu = drafts.default_menu(account)
    usual: dict[str, Any] = {"account": account, "menu": menu, "starts_at": timezone.now()}
    if fields["due_at"] is None:
        usual["finished_at"] = timezone.now()
    Publication.objects.create(**{**usual, **fields})


def _overdue_step(account: OfficialAccount) -> None:
    sequence = Sequence.objects.create(account=account, name="旅程", enabled=True)
    SequenceStep.objects.create(sequence=sequence, content=TEXT)
    then = timezone.now() - LONG_AGO
    Enrolment.objects.create(
        sequence=sequence, account=account, openid="oFollower", occasion="follow", since=then, began_at=then,
        due_at=then,
    )  # fmt: skip


def _approval(account: OfficialAccount, action: str, **fields: Any) -> None:
    until = timezone.now() + datetime.timedelta(days=3)
    Approval.objects.create(
        account=account, action=action, title="活动", expires_at=until, due_at=until, **fields
    )


def _campaign(account: OfficialAccount, state: str, **fields: Any) -> None:
    now = timezone.now()
    usual: dict[str, Any] = {"account": account, "name": "活动", "way": "service", "approved_at": now}
    Campaign.objects.create(**{**usual, "state": state, **fields})


def _mass(account: OfficialAccount, state: str, due_at: datetime.datetime | None = None) -> None:
    MassSend.objects.create(account=account, name="群发", content=TEXT, state=state, due_at=due_at)


def _thread(account: OfficialAccount) -> None:
    now = timezone.now()
    Thread.objects.create(account=account, openid="oF", newest_id=1, newest_at=now, waiting_since=now)


def _asset(account: OfficialAccount) -> None:
    Asset.objects.create(
        account=account, name="图", content_type="image/png", size=1, state="failed", due_at=None
    )


MAKES: dict[str, Make] = {
    "followers.sync_stopped": lambda account: FollowerSync.objects.create(
        account=account, step="stopped", due_at=None
    ),
    "followers.job_failed": lambda account: BulkJob.objects.create(
        account=account, kind="export", state="failed", due_at=None
    ),
    "followers.tag_failed": lambda account: Tag.objects.create(account=account, name="标签", state="failed"),
    "held.followers": _held("followers.send_tags"),
    "webhooks.failing": lambda account: Endpoint.objects.create(
        account=account, url="https://example.com", secret=new_secret(), failing_since=timezone.now()
    ),
    "webhooks.unsigned": lambda account: _unsigned(account),
    "inbox.refused": lambda account: Refusal.objects.create(
        account=account, reason="signature", count=1, last_at=timezone.now()
    ),
    "official.verification": lambda account: VerificationState.objects.create(
        account=account, event="annual_renew", at=timezone.now()
    ),
    "inbox.failed": lambda account: message(account, "你好", error="boom"),
    "inbox.malformed": lambda account: message(account, kind="malformed"),
    "materials.failed": _asset,
    "materials.nearly_full": lambda account: MaterialQuota.objects.create(account=account, voice=950),
    "held.materials": _held("materials.upload"),
    "articles.failed": lambda account: Draft.objects.create(account=account, error="45009"),
    "held.articles": _held("articles.work_off"),
    "overdue.articles": lambda account: Draft.objects.create(
        account=account, work="publish", due_at=timezone.now() - LONG_AGO
    ),
    "pushes.uncertain": lambda account: _push(account, "uncertain", "no_answer"),
    "pushes.failed": lambda account: _push(account, "failed", "refused"),
    "held.pushes": _held("pushes.send"),
    "held.channels": _held("channels.make_codes"),
    "desk.waiting": _thread,
    "approvals": lambda account: _approval(account, "campaign"),
    "campaigns.stopped": lambda account: _campaign(account, "paused", trouble="fault"),
    "campaigns.paused": lambda account: _campaign(account, "paused"),
    "campaigns.mass_failed": lambda account: _mass(account, "failed"),
    "campaigns.mass_confirming": lambda account: _mass(account, "confirming"),
    "held.campaigns.run": _held("campaigns.run"),
    "held.campaigns.mass_begin": _held("campaigns.mass_send"),
    "held.campaigns.run_sequences": _held("campaigns.run_sequences"),
    "overdue.campaigns.run": lambda account: _campaign(
        account, "scheduled", due_at=timezone.now() - LONG_AGO
    ),
    "overdue.campaigns.mass_begin": lambda account: _mass(account, "scheduled", timezone.now() - LONG_AGO),
    "overdue.campaigns.run_sequences": _overdue_step,
    "menus.failed": lambda account: _publication(account, state="failed", reason="refused", due_at=None),
    "menus.differs": lambda account: LiveMenu.objects.create(account=account, differs_since=timezone.now()),
    "held.menus": _held("menus.publish"),
    "overdue.menus": lambda account: _publication(
        account, state="scheduled", due_at=timezone.now() - LONG_AGO
    ),
    "merchants.certificate": _certificate,
    "refunds.abnormal": lambda account: _refund(account, "abnormal"),
    "refunds.unfunded": lambda account: _refund(account, "pending", error="NOT_ENOUGH 余额不足"),
    "orders.stuck": lambda account: _order(
        account,
        state="closing",
        due_at=timezone.now(),
        expires_at=timezone.now() - LONG_AGO,
        paid_at=None,
        transaction_id=None,
        reserved=0,
    ),
    "orders.shipments": lambda account: Shipment.objects.create(
        order=_order(account), how=Shipment.How.VIRTUAL, state="failed", due_at=None
    ),
    "orders.events": lambda account: OrderEvent.objects.create(
        order=_order(account), topic=OrderEvent.Topic.PAID, error="receipt: ValueError", due_at=None
    ),
    "held.shipments": _held("orders.upload_shipping"),
    "bills.discrepancies": lambda account: Discrepancy.objects.create(
        merchant=_merchant(account), account=account, kind=Mismatch.values[0], subject="1"
    ),
    "bills.held": _merchant_held,
    "bills.failed": lambda account: Bill.objects.create(
        merchant=_merchant(account), kind="trade", day=datetime.date(2026, 1, 1), state="failed", due_at=None
    ),
}
SENDING = {
    "articles.failed", "held.articles", "overdue.articles", "pushes.uncertain", "pushes.failed",
    "held.pushes", "approvals", "campaigns.stopped", "campaigns.paused", "campaigns.mass_failed",
    "campaigns.mass_confirming", "held.campaigns.run", "held.campaigns.mass_begin",
    "held.campaigns.run_sequences", "overdue.campaigns.run", "overdue.campaigns.mass_begin",
    "overdue.campaigns.run_sequences", "menus.failed", "menus.differs", "held.menus", "overdue.menus",
}  # fmt: skip
CONTENT = {
    "articles.failed", "held.articles", "materials.failed", "materials.nearly_full", "held.materials",
    "held.channels",
}  # fmt: skip
MESSAGES = {"pushes.uncertain", "pushes.failed", "desk.waiting", "inbox.failed"}
FOLLOWERS = {"followers.sync_stopped", "followers.job_failed", "followers.tag_failed", "held.followers"}
MONEY = {
    "refunds.abnormal", "refunds.unfunded", "orders.stuck", "orders.shipments", "orders.events",
    "held.shipments", "bills.discrepancies", "bills.failed", "bills.held",
}  # fmt: skip
YOURS = {
    "editor": CONTENT,
    "publisher": CONTENT | SENDING,
    "service": MESSAGES | FOLLOWERS,
    "finance": MONEY,
    "auditor": set(),
    "owner": set(MAKES),
}


def counted(user: User) -> dict[str, int]:
    """Returns the numbers of pending things by account and kind, as read by the pages' script."""
    answer = signed_in(user).get("/admin/todo/counts/").json()
    return {each["key"]: each["number"] for each in answer["kinds"]}


def _everything(account: OfficialAccount) -> None:
    """Makes one thing of each kind that waits.

    A refused callback and a failed menu are forgotten with what went well after them: they come last.
    """
    last = ("menus.failed", "inbox.refused")
    for kind in [*(MAKES.keys() - last), *last]:
        MAKES[kind](account)


def _of(account: OfficialAccount, kinds: set[str]) -> dict[str, int]:
    return {f"{account.pk}:{kind}": 1 for kind in kinds}


def test_every_kind_is_tried() -> None:
    assert set(MAKES) == set(KINDS.names())


@pytest.mark.parametrize("kind", MAKES)
def test_what_waits_is_counted_where_it_waits_and_nowhere_else(staff: Cast, kind: str) -> None:
    MAKES[kind](staff.theirs)
    assert counted(staff.owner) == {}
    MAKES[kind](staff.ours)
    assert counted(staff.owner) == _of(staff.ours, {kind})


@pytest.mark.parametrize("role", YOURS)
def test_a_role_is_told_of_what_it_may_do_something_about(staff: Cast, role: str) -> None:
    _everything(staff.ours)
    _everything(staff.theirs)
    user = member(f"waits-{role}", staff.ours, role)
    assert counted(user).keys() == _of(staff.ours, YOURS[role]).keys()
    html = signed_in(user).get("/admin/todo/").content.decode()
    assert {kind for kind in MAKES if str(KINDS.get(kind).title) in html} == YOURS[role]


def test_each_account_is_judged_by_the_right_in_it(staff: Cast) -> None:
    user = member("both", staff.ours, "finance")
    StaffRight.objects.create(user=user, account=staff.theirs, role="service")
    _everything(staff.ours)
    _everything(staff.theirs)
    there = _of(staff.theirs, YOURS["service"])
    assert counted(user).keys() == (_of(staff.ours, MONEY) | there).keys()


def test_what_waits_in_one_account_is_counted_in_that_one_alone(staff: Cast) -> None:
    _everything(staff.ours)
    _everything(staff.theirs)
    everywhere = waiting(staff.superuser)
    for account in (staff.ours, staff.theirs):
        there = [each for each in everywhere if each.account == account]
        assert there
        assert waiting(staff.superuser, account.pk) == there
    assert waiting(staff.owner, staff.theirs.pk) == []


def test_all_of_it_is_counted_by_one_statement_however_much_waits(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    client.get("/admin/todo/counts/")
    _everything(staff.ours)
    _everything(staff.theirs)
    with CaptureQueriesContext(connection) as asked:
        client.get("/admin/todo/counts/")
    # The session, the user and the accounts are the others.
    assert len(asked) <= 4


def test_more_than_are_told_are_not_counted(staff: Cast) -> None:
    for _number in range(MOST + 5):
        _push(staff.ours, "uncertain", "no_answer")
    answer = signed_in(staff.owner).get("/admin/todo/counts/").json()
    assert (answer["total"], answer["pages"]) == ("99+", {"/admin/pushes/push/": "99+"})


def test_the_same_numbers_are_not_sent_again(staff: Cast) -> None:
    client = signed_in(staff.owner)
    first = client.get("/admin/todo/counts/")
    again = client.get("/admin/todo/counts/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    _thread(staff.ours)
    changed = client.get("/admin/todo/counts/", headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["total"]) == (200, "1")


def test_a_follower_who_wants_no_messages_is_nobodys_task(staff: Cast) -> None:
    _push(staff.ours, "failed", "blocked")
    assert counted(staff.owner) == {}


def test_what_was_seen_is_told_again_when_another_one_comes(staff: Cast) -> None:
    client = signed_in(staff.owner)
    newest = _push(staff.ours, "failed", "refused").pk
    client.get("/admin/todo/")
    _push(staff.ours, "failed", "refused")
    posted = {"account": staff.ours.pk, "kind": "pushes.failed", "newest": newest}
    page = client.post("/admin/todo/seen/", posted, follow=True).content.decode()
    # What came after the page was shown has not been seen.
    assert str(KINDS.get("pushes.failed").title) in page
    assert counted(staff.owner) == _of(staff.ours, {"pushes.failed"})
    client.post("/admin/todo/seen/", {**posted, "newest": newest + 1})
    assert counted(staff.owner) == {}
    # A page that was opened before takes nothing back.
    client.post("/admin/todo/seen/", posted)
    assert counted(staff.owner) == {}
    _push(staff.ours, "failed", "refused")
    assert counted(staff.owner) == _of(staff.ours, {"pushes.failed"})


def test_what_ends_by_itself_cannot_be_said_to_be_seen(staff: Cast) -> None:
    _thread(staff.ours)
    posted = {"account": staff.ours.pk, "kind": "desk.waiting", "newest": 9}
    assert signed_in(staff.owner).post("/admin/todo/seen/", posted).status_code == 404
    assert counted(staff.owner) == _of(staff.ours, {"desk.waiting"})


def test_whoever_may_do_nothing_about_it_cannot_say_that_it_was_seen(staff: Cast) -> None:
    newest = _push(staff.ours, "failed", "refused").pk
    posted = {"account": staff.ours.pk, "kind": "pushes.failed", "newest": newest}
    assert (
        signed_in(member("money", staff.ours, "finance")).post("/admin/todo/seen/", posted).status_code == 403
    )
    assert signed_in(staff.auditor).post("/admin/todo/seen/", posted).status_code == 403
    assert counted(staff.owner) == _of(staff.ours, {"pushes.failed"})


def test_what_somebody_asked_for_waits_for_another_person(staff: Cast) -> None:
    User.objects.filter(is_superuser=True).update(is_active=False)
    author = member("author", staff.ours, "publisher")
    _approval(staff.ours, "campaign", asked_by=author)
    assert counted(staff.owner) == _of(staff.ours, {"approvals"})
    assert counted(author) == {}
    # Where nobody else may, the author does.
    StaffRight.objects.filter(user=staff.owner).delete()
    assert counted(author) == _of(staff.ours, {"approvals"})


def test_an_approval_waits_for_those_whose_work_it_is(staff: Cast) -> None:
    _approval(staff.ours, "refund", asked_by=staff.owner)
    assert counted(staff.owner) == {}
    assert counted(member("money", staff.ours, "finance")) == _of(staff.ours, {"approvals"})
    assert counted(member("sends", staff.ours, "publisher")) == {}


def test_refused_callbacks_are_forgotten_with_the_first_good_one(staff: Cast) -> None:
    MAKES["inbox.refused"](staff.ours)
    message(staff.ours, "你好", received_at=timezone.now() + datetime.timedelta(seconds=1))
    assert counted(staff.owner) == {}


def test_refused_signatures_are_forgotten_with_the_next_verification(staff: Cast) -> None:
    MAKES["inbox.refused"](staff.ours)
    later = timezone.now() + datetime.timedelta(seconds=1)
    Verification.objects.create(account=staff.ours, last_at=later)
    assert counted(staff.owner) == {}
    # It says nothing of the key.
    Refusal.objects.update(reason="padding")
    assert counted(staff.owner) == _of(staff.ours, {"inbox.refused"})


def test_a_stopped_run_is_forgotten_with_the_next_one(staff: Cast) -> None:
    MAKES["followers.sync_stopped"](staff.ours)
    FollowerSync.objects.create(account=staff.ours, due_at=timezone.now())
    assert counted(staff.owner) == {}


def test_a_failed_menu_is_forgotten_once_it_is_published_and_not_before(staff: Cast) -> None:
    failed = _of(staff.ours, {"menus.failed"})
    MAKES["menus.failed"](staff.ours)
    soon = timezone.now() + datetime.timedelta(hours=1)
    _publication(staff.ours, state="scheduled", due_at=soon)
    _publication(staff.ours, state="cancelled", reason="by_staff", due_at=None)
    assert counted(staff.owner) == failed
    # What failed twice is one menu.
    MAKES["menus.failed"](staff.ours)
    assert counted(staff.owner) == failed
    _publication(staff.ours, state="published", due_at=None)
    assert counted(staff.owner) == {}


def test_the_page_leads_to_what_waits_and_to_that_of_another_account_by_its_switch(staff: Cast) -> None:
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role="owner")
    _thread(staff.ours)
    _thread(staff.theirs)
    client = signed_in(staff.owner)
    client.get(reverse("admin:desk"), {"account": staff.ours.pk})
    html = client.get("/admin/todo/").content.decode()
    desk = f"{reverse('admin:desk')}?box=waiting"
    assert (f'href="{desk}"' in html, f'name="next" value="{desk}"' in html) == (True, True)
    assert f'<input type="hidden" name="account" value="{staff.theirs.pk}">' in html


def test_certificates_may_end_where_the_public_key_has_taken_their_place(staff: Cast) -> None:
    _certificate(staff.ours)
    Merchant.objects.update(public_key_id="PUB_KEY_ID_1", public_key="x")
    assert counted(staff.owner) == {}


def test_nothing_is_said_in_words(staff: Cast) -> None:
    html = signed_in(staff.auditor).get("/admin/todo/").content.decode()
    assert "没有需要您处理的事" in html
