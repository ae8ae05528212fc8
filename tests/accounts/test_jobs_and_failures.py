"""Tests of background work and failures of an account: by cause, in words, with a button to retry."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import BulkJob, Change, Follower, FollowerSync, Tag
from accounts.official.models import OfficialAccount
from accounts.operations import failures
from accounts.staff.models import AuditEntry
from accounts.staff.rights import Rights
from menus import drafts
from menus.models import Publication
from tests.cast import Cast, member, message, signed_in
from tests.menus.conftest import put, view
from wechat.api.models import ApiClient
from wechat.campaigns.models import MassCall, MassSend, Sequence
from wechat.inbox.models import InboundMessage
from wechat.kernel import work
from wechat.kernel.models import Hold, Interruption
from wechat.kernel.work import KINDS
from wechat.materials.models import Asset
from wechat.pushes.models import LibraryJob, Push
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

JOBS, FAILED = "operations_jobs", "operations_failures"


def html(client: Client, name: str, *args: str) -> str:
    return client.get(reverse(name, args=args)).content.decode()


def held(kind: str, subject: int) -> Hold:
    now = timezone.now()
    until = now + datetime.timedelta(hours=2)
    return Hold.objects.create(
        work=kind, subject=subject, cause="account", errcode=48001, since=now, until=until
    )


def test_every_kind_of_work_has_a_name_for_staff() -> None:
    assert [kind.name for kind in KINDS if str(kind.label) == kind.name] == []


def test_what_waits_is_counted_with_its_age_and_the_next_time(staff: Cast, owner: Client) -> None:
    now = timezone.now()
    for minutes in (-90, -30, 60):
        message(staff.ours, "你好", due_at=now + datetime.timedelta(minutes=minutes), handled_at=None)
    message(staff.theirs, "你好", due_at=now - datetime.timedelta(days=3), handled_at=None)
    shown = html(owner, JOBS)
    row = shown[shown.index("处理消息与事件") :].split("</tr>")[0]
    oldest = timezone.localtime(now - datetime.timedelta(minutes=90))
    following = timezone.localtime(now + datetime.timedelta(minutes=60))
    assert "<b>2</b>" in row
    assert f"{oldest:%m-%d %H:%M}" in row
    assert f"{following:%m-%d %H:%M}" in row


def test_the_end_of_a_lease_is_no_next_time(staff: Cast, owner: Client) -> None:
    until = timezone.now() + datetime.timedelta(minutes=10)
    message(staff.ours, "你好", due_at=until, leased_until=until, handled_at=None)
    row = html(owner, JOBS).partition("处理消息与事件")[2].split("</tr>")[0]
    assert f"{timezone.localtime(until):%H:%M}" not in row


def test_work_on_hold_tells_why_and_goes_on_by_a_button(staff: Cast, owner: Client) -> None:
    held("menus.publish", staff.ours.pk)
    held("menus.publish", staff.theirs.pk)
    assert "微信认证" in html(owner, JOBS)
    owner.post(reverse(JOBS), {"work": "menus.publish", "account": staff.ours.pk})
    assert list(Hold.objects.values_list("subject", flat=True)) == [staff.theirs.pk]
    assert "微信认证" not in html(owner, JOBS)


def test_deliveries_behind_the_circuit_of_a_receiver_are_told_with_whose_it_is(
    staff: Cast, owner: Client
) -> None:
    receiver = Endpoint.objects.create(account=staff.ours, url="https://receiver.example.com/", secret="s")
    for number in range(2):
        Delivery.objects.create(
            endpoint=receiver, account=staff.ours, event="message", key=str(number), body="{}",
            due_at=timezone.now(),
        )  # fmt: skip
    held("webhooks.deliver", receiver.pk)
    outsider = signed_in(staff.outsider)
    assert 'value="webhooks.deliver"' not in html(outsider, JOBS)
    row = next(part for part in html(owner, JOBS).split("<tr") if 'value="webhooks.deliver"' in part)
    assert (f" {receiver.pk}：" in row, "<b>2</b>" in row, "原因已消除" in row) == (True, True, True)
    # Its address may have a secret in it, and this page is for more than those who set it up.
    assert "example.com" not in row
    outsider.post(reverse(JOBS), {"work": "webhooks.deliver", "account": staff.theirs.pk})
    assert Hold.objects.exists()
    owner.post(reverse(JOBS), {"work": "webhooks.deliver", "account": staff.ours.pk})
    assert not Hold.objects.exists()


def test_the_receiver_of_an_api_client_with_other_accounts_goes_on_by_a_superusers_button(
    staff: Cast, owner: Client
) -> None:
    client = ApiClient.objects.create(name="商城", secret="s")
    client.accounts.add(staff.ours, staff.theirs)
    receiver = Endpoint.objects.create(client=client, url="https://receiver.example.com/", secret="s")
    Delivery.objects.create(
        endpoint=receiver, account=staff.ours, event="message", key="1", body="{}", due_at=timezone.now()
    )
    held("webhooks.deliver", receiver.pk)
    for reader, button in ((owner, False), (signed_in(staff.superuser), True)):
        shown = reader.get(f"{reverse(JOBS)}?account={staff.ours.pk}").content.decode()
        assert (f" {receiver.pk}：" in shown, "原因已消除" in shown) == (True, button)
        reader.post(reverse(JOBS), {"work": "webhooks.deliver", "account": staff.ours.pk})
        assert Hold.objects.exists() is not button


def test_an_auditor_sees_what_waits_and_lets_nothing_go_on(staff: Cast) -> None:
    held("menus.publish", staff.ours.pk)
    auditor = signed_in(staff.auditor)
    assert "原因已消除" not in html(auditor, JOBS)
    answer = auditor.post(reverse(JOBS), {"work": "menus.publish", "account": staff.ours.pk})
    assert answer.status_code == 403
    assert Hold.objects.exists()


def push(account: OfficialAccount, number: int, **changes: object) -> Push:
    usual: dict[str, object] = {
        "account": account, "openid": f"o{number}", "content": {"type": "text", "content": "您好"},
        "key": f"k{number}", "state": Push.State.FAILED, "reason": "refused", "errcode": 45047,
        "due_at": None,
    }  # fmt: skip
    return Push.objects.create(**{**usual, **changes})


def test_failures_are_grouped_by_cause_in_words(staff: Cast, owner: Client) -> None:
    for number in range(3):
        push(staff.ours, number)
    push(staff.ours, 3, reason="template_gone", errcode=None)
    push(staff.theirs, 4)
    found = failures.groups(staff.ours, Rights.of(staff.owner))
    assert [(group.name, group.number) for group in found] == [("pushes", 3), ("pushes", 1)]
    shown = html(owner, FAILED)
    assert "45047" in shown
    assert str(Push.Reason.TEMPLATE_GONE.label) in shown


def test_all_of_a_cause_are_tried_again_and_no_others(staff: Cast, owner: Client) -> None:
    ours = [push(staff.ours, number) for number in range(2)]
    other = push(staff.ours, 2, reason="template_gone", errcode=None)
    theirs = push(staff.theirs, 3)
    group = failures.groups(staff.ours, Rights.of(staff.owner))[0]
    owner.post(reverse(FAILED), {"source": "pushes", "cause": group.key, "account": staff.ours.pk})
    states = dict(Push.objects.values_list("pk", "state"))
    assert [states[each.pk] for each in ours] == ["pending", "pending"]
    assert (states[other.pk], states[theirs.pk]) == ("failed", "failed")
    assert "未发出的消息" in AuditEntry.objects.latest("pk").words


def test_one_of_a_cause_is_tried_again(staff: Cast, owner: Client) -> None:
    chosen, left = push(staff.ours, 0), push(staff.ours, 1)
    key = failures.groups(staff.ours, Rights.of(staff.owner))[0].key
    page = f"{reverse('operations_failures_of', args=['pushes'])}?cause={key}"
    assert f'value="{left.pk}"' in owner.get(page).content.decode()
    owner.post(page, {"row": [chosen.pk], "account": staff.ours.pk})
    assert dict(Push.objects.values_list("pk", "state")) == {chosen.pk: "pending", left.pk: "failed"}


def test_whoever_may_not_send_sees_the_failed_sends_and_tries_none(staff: Cast) -> None:
    push(staff.ours, 0)
    service = signed_in(staff.service)
    assert ("未发出的消息" in html(service, FAILED), "全部重试" in html(service, FAILED)) == (True, False)
    key = failures.groups(staff.ours, Rights.of(staff.service))[0].key
    answer = service.post(reverse(FAILED), {"source": "pushes", "cause": key, "account": staff.ours.pk})
    assert answer.status_code == 403
    assert Push.objects.get().state == "failed"


def test_finance_sees_only_what_is_its_own(staff: Cast) -> None:
    push(staff.ours, 0)
    finance = signed_in(member("finance", staff.ours, "finance"))
    assert "未发出的消息" not in html(finance, FAILED)
    assert finance.get(reverse("operations_failures_of", args=["pushes"])).status_code == 404


def test_rows_of_every_app_that_were_given_up_are_there_and_begin_anew(staff: Cast, owner: Client) -> None:
    account = staff.ours
    follower = Follower.objects.create(account=account, openid="oOne")
    Change.objects.create(
        account=account, follower=follower, kind="remark", desired="王", due_at=None, errcode=40003
    )
    message(account, "你好", error="KeyError: 'x'", due_at=None)
    Asset.objects.create(
        account=account, kind="image", name="门头", file="a.png", content_type="image/png", size=1,
        state="failed", errcode=40009, error="too big",
    )  # fmt: skip
    FollowerSync.objects.create(
        account=account, kind="full", step="stopped", due_at=None, errcode=48001, error="x"
    )
    found = failures.groups(account, Rights.of(staff.owner))
    assert {group.name for group in found} == {"changes", "messages", "uploads", "syncs"}
    assert "KeyError" not in html(owner, FAILED)
    for group in found:
        owner.post(reverse(FAILED), {"source": group.name, "cause": group.key, "account": account.pk})
    assert InboundMessage.objects.get().due_at is not None
    assert Change.objects.get().due_at is not None
    assert Asset.objects.get().state == "pending"
    assert FollowerSync.objects.filter(due_at__isnull=False).count() == 1


def test_a_synchronisation_that_went_well_since_ends_the_failure(staff: Cast) -> None:
    usual = {"account": staff.ours, "kind": "full", "due_at": None}
    FollowerSync.objects.create(**usual, step="stopped", errcode=48001, error="x")
    FollowerSync.objects.create(**usual, step="done")
    assert failures.groups(staff.ours, Rights.of(staff.owner)) == []


def test_work_on_templates_is_a_failure_again_once_its_second_attempt_failed(
    staff: Cast, owner: Client
) -> None:
    details = {"kind": "template", "short_id": "47123", "keywords": ["门店"]}
    failed = {"state": "failed", "errcode": 40036, "error": "x", "due_at": None}
    first = LibraryJob.objects.create(account=staff.ours, verb="add", details=details, **failed)
    (group,) = failures.groups(staff.ours, Rights.of(staff.owner))
    for _once in range(2):
        owner.post(reverse(FAILED), {"source": group.name, "cause": group.key, "account": staff.ours.pk})
        assert failures.groups(staff.ours, Rights.of(staff.owner)) == []
    second = LibraryJob.objects.exclude(pk=first.pk).get()
    LibraryJob.objects.filter(pk=second.pk).update(**failed)
    assert failures.of(staff.ours, Rights.of(staff.owner), group.name, group.key) == [second]


def test_a_bulk_change_that_stopped_goes_on_behind_what_was_done(staff: Cast, owner: Client) -> None:
    account = staff.ours
    people = [Follower.objects.create(account=account, openid=f"o{number}") for number in range(3)]
    tag = Tag.objects.create(account=account, name="贵宾", platform_id=100, due_at=None)
    BulkJob.objects.create(
        account=account, kind="tag", details={"tag": tag.pk, "ids": [each.pk for each in people]},
        state="failed", error="KeyError: 'x'", due_at=None, cursor=people[0].pk, processed=1,
        started_at=timezone.now(), finished_at=timezone.now(),
    )  # fmt: skip
    (group,) = failures.groups(account, Rights.of(staff.owner))
    owner.post(reverse(FAILED), {"source": "jobs", "cause": group.key, "account": account.pk})
    work.run("followers.run_jobs")
    assert (BulkJob.objects.get().state, BulkJob.objects.get().processed) == ("done", 3)
    assert {each.follower for each in Change.objects.all()} == set(people[1:])


def failed_publication(account: OfficialAccount) -> Publication:
    menu = drafts.default_menu(account)
    put(menu, view("首页"))
    version = drafts.freeze(menu)
    return Publication.objects.create(
        account=account, menu=menu, version=version, starts_at=timezone.now(), state="failed",
        reason="unreachable", due_at=None,
    )  # fmt: skip


def test_whatever_killed_three_workers_is_told_in_the_same_words(staff: Cast, owner: Client) -> None:
    account, now = staff.ours, timezone.now()
    leased = {"due_at": now, "leased_until": now}
    publication = failed_publication(account)
    Publication.objects.update(state="publishing", reason="", **leased)
    endpoint = Endpoint.objects.create(account=account, url="https://shop.example.com/", secret="whsec_eA==")
    delivery = Delivery.objects.create(endpoint=endpoint, account=account, event="x", key="x", **leased)
    for kind, row in (("menus.publish", publication), ("webhooks.deliver", delivery)):
        Interruption.objects.create(work=kind, row=row.pk, times=2, at=now)
        assert work.run(kind) == 1
    found = failures.groups(account, Rights.of(staff.owner))
    assert {group.name for group in found} == {"menus", "webhooks"}
    assert html(owner, FAILED).count("处理它的进程三次意外退出") == 2


def test_the_page_of_what_killed_three_workers_says_so_in_the_same_words(staff: Cast, owner: Client) -> None:
    account, now = staff.ours, timezone.now()
    leased = {"account": account, "due_at": now, "leased_until": now}
    job = LibraryJob.objects.create(verb="sync", **leased)
    sequence = Sequence.objects.create(name="欢迎", enabled=True, trigger="segment", **leased)
    send = MassSend.objects.create(account=account, name="国庆", content={"type": "text", "content": "您好"})
    MassSend.objects.filter(pk=send.pk).update(state="sending", started_at=now)
    call = MassCall.objects.create(send=send, number=1, clientmsgid="m1", body={}, **leased)
    for kind, row, page in (
        ("pushes.work_on_templates", job, "/admin/pushes/template/"),
        ("campaigns.enter_sequences", sequence, f"/admin/campaigns/sequence/{sequence.pk}/change/"),
        ("campaigns.mass_send", call, f"/admin/campaigns/masssend/{send.pk}/change/"),
    ):
        Interruption.objects.create(work=kind, row=row.pk, times=2, at=now)
        assert work.run(kind) == 1
        assert "处理它的进程三次意外退出" in owner.get(page).content.decode(), page
    send.refresh_from_db()
    assert send.state == "failed"


def test_a_menu_that_was_not_published_is_published_again_by_whoever_may(staff: Cast) -> None:
    failed = failed_publication(staff.ours)
    (group,) = failures.groups(staff.ours, Rights.of(staff.owner))
    posted = {"source": "menus", "cause": group.key, "account": staff.ours.pk}
    editor = signed_in(staff.editor)
    assert "全部重试" not in html(editor, FAILED)
    assert editor.post(reverse(FAILED), posted).status_code == 403
    publisher = signed_in(member("publisher", staff.ours, "publisher"))
    for _once in range(2):
        publisher.post(reverse(FAILED), posted)
    begun = Publication.objects.exclude(pk=failed.pk)
    assert list(begun.values_list("version", "state")) == [(failed.version_id, "pending")]


def test_a_mass_send_is_sent_again_if_wechat_never_took_it(staff: Cast, owner: Client) -> None:
    account = staff.ours
    send = MassSend.objects.create(account=account, name="国庆", content={"type": "text", "content": "您好"})
    MassSend.objects.filter(pk=send.pk).update(state="failed", started_at=timezone.now())
    states = [("failed", None), ("failed", timezone.now()), ("uncertain", timezone.now())]
    calls = [
        MassCall.objects.create(
            send=send, account=account, number=number, clientmsgid=f"m{number}", body={}, state=state,
            tried_at=tried_at, due_at=None, errcode=45028,
        )
        for number, (state, tried_at) in enumerate(states, 1)
    ]  # fmt: skip
    found = {group.name: group for group in failures.groups(account, Rights.of(staff.owner))}
    assert {name: (each.number, each.may_retry) for name, each in found.items()} == {
        "mass_sends": (1, True), "mass_sends_uncertain": (2, False),
    }  # fmt: skip
    posted = {"source": "mass_sends", "cause": found["mass_sends"].key, "account": account.pk}
    owner.post(reverse(FAILED), posted)
    assert [MassCall.objects.get(pk=each.pk).state for each in calls] == ["waiting", "failed", "uncertain"]
    uncertain = {"source": "mass_sends_uncertain", "cause": found["mass_sends_uncertain"].key}
    assert owner.post(reverse(FAILED), {**uncertain, "account": account.pk}).status_code == 403
