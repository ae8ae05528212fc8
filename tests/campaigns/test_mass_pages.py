"""The pages of mass sends: what staff fill in, and what they are told before anything leaves."""

import datetime
import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.approvals.models import Approval, ApprovalLimit
from accounts.followers.models import Follower, Segment, Tag
from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from tests import workbooks
from tests.campaigns.mass_cast import Writer, followers, run_due, settle
from tests.cast import Cast, signed_in
from tests.locks import somebody_waits
from tests.simulated import Simulated
from tests.workbooks import OPENID, WRITERS
from wechat.articles.models import Article, Draft
from wechat.campaigns.mass import planning
from wechat.campaigns.models import MassCall, MassPreview, MassSend
from wechat.kernel.work.claiming import claim

pytestmark = pytest.mark.django_db

LIST = "/admin/campaigns/masssend/"
ADD = f"{LIST}add/"


@pytest.fixture(autouse=True)
def _owners_send_alone(request: pytest.FixtureRequest, staff: Cast) -> None:
    """Lets an owner send without approval, as the settings allow; approvals have tests of their own."""
    if "approval" not in request.node.name:
        ApprovalLimit.objects.create(account=staff.ours, action="mass_send", role="owner", alone_up_to=None)


def filled(account: OfficialAccount, **fields: Any) -> dict[str, Any]:
    usual = {
        "account": account.pk, "name": "会员日", "target": "all", "kind": "text", "text": "到店有礼",
        "recommend": "", "title": "", "description": "",
    }  # fmt: skip
    return {**usual, **fields}


def page(send: MassSend, action: str = "change") -> str:
    return f"{LIST}{send.pk}/{action}/"


def confirmed(client: Client, send: MassSend, given: dict[str, str]) -> Any:
    """Returns the answer to whoever sends it as its page shows it."""
    seen = client.get(page(send, "send")).context["seen"]
    return client.post(page(send, "send"), {"seen": seen, **given})


def test_a_text_is_written_and_nothing_leaves(staff: Cast, known: Simulated) -> None:
    signed_in(staff.owner).post(ADD, filled(staff.ours))
    send = MassSend.objects.get()
    assert (send.state, send.content) == ("draft", {"type": "text", "content": "到店有礼"})
    assert run_due() == 0


def test_what_is_missing_is_said_at_its_field(staff: Cast) -> None:
    client = signed_in(staff.owner)
    assert "请选择要发送的图文" in client.post(ADD, filled(staff.ours, kind="mpnews")).content.decode()
    assert "请选择群发对象" in client.post(ADD, filled(staff.ours, target="tag")).content.decode()
    html = client.post(ADD, filled(staff.ours, text="你好 {remark}")).content.decode()
    assert "{remark} 不是此处可用的变量" in html
    assert not MassSend.objects.exists()


def test_a_file_of_openids_is_read_and_a_wrong_line_named(staff: Cast) -> None:
    client, openid = signed_in(staff.owner), "oFollower000000000000000001"
    wrong = SimpleUploadedFile("who.csv", f"openid\n{openid}\n小明".encode())
    html = client.post(ADD, filled(staff.ours, target="list", openid_file=wrong)).content.decode()
    assert "第 3 行" in html
    right = SimpleUploadedFile("who.csv", f"openid,备注\n{openid},小明\n{openid},小明\n".encode())
    client.post(ADD, filled(staff.ours, target="list", openid_file=right))
    assert MassSend.objects.get().openids == [openid]


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig", "utf-16"])
def test_a_list_as_excel_saves_it_means_its_people(staff: Cast, encoding: str) -> None:
    openids = [f"oPerson{'A' * 20}{number}" for number in (1, 2)]
    body = f"用户OpenID,备注\r\n{openids[0]},好\r\n{openids[1]},\r\n".encode(encoding)
    file = SimpleUploadedFile("who.csv", body)
    signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert MassSend.objects.get().openids == openids


def test_a_list_below_a_title_means_its_people_and_a_title_inside_of_it_is_told(staff: Cast) -> None:
    client = signed_in(staff.owner)
    file = SimpleUploadedFile("who.csv", f"三月会员,\n,\n备注,微信OpenID\n好,{OPENID}\n".encode())
    client.post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert MassSend.objects.get().openids == [OPENID]
    file = SimpleUploadedFile("who.csv", f"{OPENID}\nOpenID\n{OPENID}2\n".encode())
    assert "第 2 行" in client.post(ADD, filled(staff.ours, target="list", openid_file=file)).content.decode()


@pytest.mark.parametrize("writer", WRITERS)
def test_a_workbook_of_any_program_is_a_list(staff: Cast, writer: Callable[[], bytes]) -> None:
    file = SimpleUploadedFile("who.xlsx", writer())
    signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert MassSend.objects.get().openids == [OPENID]


def test_the_column_of_openids_need_not_be_the_first(staff: Cast) -> None:
    file = SimpleUploadedFile("who.csv", f"备注,openid\n好,{OPENID}\n".encode())
    signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert MassSend.objects.get().openids == [OPENID]


OPENIDS = [f"oPerson{'A' * 20}{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize(
    "text",
    [
        ",".join(OPENIDS),
        ";".join(OPENIDS),
        "|".join(OPENIDS),
        " ".join(OPENIDS),
        "、".join(OPENIDS),
        f"{OPENIDS[0]}；{OPENIDS[1]}\n{OPENIDS[2]}　好",
        f"{OPENIDS[0]},{OPENIDS[1]}\n{OPENIDS[2]},好",
        "\n".join(f"{number},{openid}" for number, openid in enumerate(["wx_openid", *OPENIDS])),
        "\n".join(f"{openid}|好" for openid in ["会员微信OpenID", *OPENIDS]),
        "\n".join(["openid列表（共3人）", *OPENIDS]),
        "\n".join(["touser", *OPENIDS]),
    ],
    ids=lambda text: text[:20],
)
def test_everybody_in_a_list_is_meant_however_it_is_laid_out(staff: Cast, text: str) -> None:
    file = SimpleUploadedFile("who.txt", text.encode())
    signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert MassSend.objects.get().openids == OPENIDS


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"姓名,openid\n张三,{OPENIDS[0]}\n李,四,{OPENIDS[1]}\n", "第 3 行：最后一列之外还有内容"),
        (f"{OPENIDS[0]}\n13800000000\n", "第 2 行"),
        ("openid,备注\n,好\n", "保存时打开的那张工作表"),
        ("\x85".join(OPENIDS), "不常见的换行符"),
        ("\u2028".join(OPENIDS[:2]) + "\n", "不常见的换行符"),
    ],
    ids=["a comma in a name", "a telephone number", "nobody", "lines of mainframes", "lines of editors"],
)
def test_a_list_that_would_leave_somebody_out_is_refused(staff: Cast, text: str, error: str) -> None:
    file = SimpleUploadedFile("who.csv", text.encode())
    page = signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert error in page.context["adminform"].form.errors["openid_file"][0]
    assert not MassSend.objects.exists()


@pytest.mark.parametrize(("name", "body"), workbooks.hostile().items())
def test_a_file_that_would_cost_much_is_no_list(staff: Cast, name: str, body: bytes) -> None:
    file = SimpleUploadedFile("who.xlsx", body)
    page = signed_in(staff.owner).post(ADD, filled(staff.ours, target="list", openid_file=file))
    assert page.context["adminform"].form.errors["openid_file"][0]
    assert not MassSend.objects.exists()


def test_a_subscription_account_is_not_offered_openids(staff: Cast) -> None:
    OfficialAccount.objects.update(kind="subscription")
    html = signed_in(staff.owner).get(ADD).content.decode()
    assert 'value="tag"' in html
    assert 'value="segment"' not in html


def test_the_numbers_are_those_that_will_happen(staff: Cast, known: Simulated, written: Writer) -> None:
    openids = followers(staff.ours, known, 5)
    Follower.objects.filter(openid=openids[0]).update(subscribed=False)
    Follower.objects.filter(openid=openids[1]).update(blacklisted=True)
    for _each in range(4):
        settle(written(target="list", openids=openids[2:4]))
    html = signed_in(staff.owner).get(page(written(), "send")).content.decode()
    for label, number in (("选中", 5), ("本月 4 次已用完", 2), ("将会收到", 1)):
        assert label in html
        assert f">{number}</dd>" in html
    assert "已向 2 位粉丝群发过 4 次" in html or "2" in html


def test_everybody_is_confirmed_twice(staff: Cast, known: Simulated, written: Writer) -> None:
    followers(staff.ours, known, 3)
    client, send = signed_in(staff.owner), written()
    html = confirmed(client, send, {"at": ""}).content.decode()
    assert "确定，发给全部 3 位粉丝" in html
    send.refresh_from_db()
    assert send.state == "draft"
    confirmed(client, send, {"at": "", "word": "好"})
    send.refresh_from_db()
    assert send.state == "draft"
    confirmed(client, send, {"at": "", "word": "所有人"})
    send.refresh_from_db()
    assert (send.state, send.sent_by) == ("scheduled", staff.owner)
    assert AuditEntry.objects.filter(object_id=str(send.pk), user=staff.owner).exists()


def test_a_plan_is_kept_and_taken_back(staff: Cast, known: Simulated, written: Writer) -> None:
    openids = followers(staff.ours, known, 2)
    client, send = signed_in(staff.owner), written(target="list", openids=openids)
    tomorrow = timezone.localtime() + datetime.timedelta(days=1)
    confirmed(client, send, {"at": tomorrow.strftime("%Y-%m-%dT%H:%M")})
    send.refresh_from_db()
    assert send.due_at is not None
    assert send.due_at > timezone.now()
    assert client.post(page(send), filled(staff.ours, name="改名")).status_code == 403
    client.post(page(send, "take-back"))
    send.refresh_from_db()
    assert send.state == "draft"


def test_a_fifth_message_to_everybody_in_a_month_is_not_planned(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    followers(staff.ours, known, 2)
    client = signed_in(staff.owner)
    next_month = (timezone.localtime().replace(day=1) + datetime.timedelta(days=32)).replace(day=1)

    def plan(day: int) -> tuple[str, str]:
        send = written()
        at = next_month.replace(day=day).strftime("%Y-%m-%dT12:00")
        html = confirmed(client, send, {"at": at, "word": "所有人"}).content.decode()
        send.refresh_from_db()
        return send.state, html

    assert [plan(day)[0] for day in (5, 6, 7, 8)] == ["scheduled"] * 4
    for day in (2, 20):
        state, html = plan(day)
        assert state == "draft"
        assert "没有人会收到" in html
    assert "本月还可向全部粉丝群发 4 次" in client.get(LIST).content.decode()
    with time_machine.travel(next_month):
        assert "本月还可向全部粉丝群发 0 次" in signed_in(staff.owner).get(LIST).content.decode()


def test_what_is_planned_for_some_counts_in_what_the_next_one_promises(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    openids, tag = followers(staff.ours, known, 4), Tag.objects.create(account=staff.ours, name="会员")
    Follower.objects.get(openid=openids[2]).tags.add(tag)
    with time_machine.travel(timezone.localtime().replace(day=9, hour=12)):
        soon = timezone.now() + datetime.timedelta(days=2)
        for _each in range(3):
            planning.plan(written(target="list", openids=openids[:3]), soon, None)
        for target in ({"target": "tag", "tag": tag}, {}):
            planning.plan(written(**target), soon, None)
        client = signed_in(staff.owner)
        numbers = client.get(page(written(target="list", openids=openids), "send")).context["numbers"]
        assert (numbers.used_up, numbers.will_get) == (3, 1)
        assert "另有 4 次按标签、人群分组或名单的群发已定时" in client.get(LIST).content.decode()


def test_what_is_planned_for_later_keeps_nobody_from_what_begins_before(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    openids = followers(staff.ours, known, 2)
    soon = timezone.now() + datetime.timedelta(minutes=5)
    for _each in range(4):
        planning.plan(written(), soon, None)
    assert settle(written(target="list", openids=openids)).calls.get().size == 2


@pytest.mark.parametrize(("hours", "shown"), [(0, "正在开始"), (24, "已定时")])
def test_the_lease_of_a_worker_is_never_shown_as_a_time(
    staff: Cast, known: Simulated, written: Writer, hours: int, shown: str
) -> None:
    openids = followers(staff.ours, known, 2)
    client, send = signed_in(staff.owner), written(target="list", openids=openids)
    planned = timezone.localtime() + datetime.timedelta(hours=hours)
    confirmed(client, send, {"at": planned.strftime("%Y-%m-%dT%H:%M") if hours else ""})
    MassSend.objects.update(due_at=timezone.now())
    (leased,) = claim(MassSend.objects.all(), lease=planning.SENDS.lease, limit=1)
    assert leased.due_at is not None
    for address in (LIST, page(send)):
        html = client.get(address).content.decode()
        standing = re.search(rf'<span id="mass-{send.pk}"[^>]*>.{{0,80}}', html)
        assert standing is not None
        assert shown in standing[0]
        assert timezone.localtime(leased.due_at).strftime("%Y-%m-%d %H:%M") not in html
        assert (planned.strftime("%Y-%m-%d %H:%M") in html) == bool(hours)
        assert ("data-moving" in html) == (not hours)


def test_a_time_that_is_over_is_refused(staff: Cast, known: Simulated, written: Writer) -> None:
    followers(staff.ours, known, 2)
    html = confirmed(signed_in(staff.owner), written(), {"at": "2020-01-01T10:00"}).content.decode()
    assert "这个时间已经过了" in html


def test_one_follower_is_too_few_and_the_page_says_so(staff: Cast, known: Simulated, written: Writer) -> None:
    openids = followers(staff.ours, known, 1)
    send, client = written(target="list", openids=openids), signed_in(staff.owner)
    assert "至少要有两位" in confirmed(client, send, {"at": ""}).content.decode()
    send.refresh_from_db()
    assert send.state == "draft"


def test_a_subscription_account_sends_once_a_day(staff: Cast, known: Simulated, written: Writer) -> None:
    OfficialAccount.objects.update(kind="subscription")
    followers(staff.ours, known, 2)
    settle(written())
    html = signed_in(staff.owner).get(page(written(), "send")).content.decode()
    assert "当天的群发已用完或已安排" in html


def test_an_article_has_to_be_in_wechats_drafts(staff: Cast, known: Simulated, written: Writer) -> None:
    followers(staff.ours, known, 2)
    draft = Draft.objects.create(account=staff.ours)
    Article.objects.create(draft=draft, title="周末活动", content="<p>到店</p>")
    send = written(content={"type": "mpnews"}, draft=draft)
    html = signed_in(staff.owner).get(page(send, "send")).content.decode()
    assert "保存到微信草稿箱" in html


def test_a_preview_is_asked_for(staff: Cast, written: Writer) -> None:
    send = written()
    signed_in(staff.owner).post(page(send, "preview"), {"wechat_id": "colleague"})
    assert MassPreview.objects.get().wechat_id == "colleague"
    assert "colleague" in signed_in(staff.owner).get(page(send)).content.decode()


def test_what_happened_is_told_part_by_part(staff: Cast, known: Simulated, written: Writer) -> None:
    followers(staff.ours, known, 2)
    send = settle(written())
    MassCall.objects.update(state="failed", due_at=None, status="err(40002)", sent=0, filtered=2)
    html = signed_in(staff.owner).get(page(send)).content.decode()
    assert "30 分钟内没有管理员" in html


def test_only_articles_and_videos_can_be_deleted(staff: Cast, known: Simulated, written: Writer) -> None:
    followers(staff.ours, known, 2)
    send = settle(written())
    answer = signed_in(staff.owner).post(page(send, "delete-there"), follow=True)
    assert "微信上没有可以删除的内容。" in answer.content.decode()


def test_rights_are_asked_in_every_view(staff: Cast, written: Writer) -> None:
    send = written()
    for action in ("send", "preview", "take-back", "delete-there"):
        for who in (staff.editor, staff.service, staff.auditor, staff.outsider, staff.nobody):
            assert signed_in(who).post(page(send, action), {"sure": "1"}).status_code in (302, 403, 404)
    send.refresh_from_db()
    assert (send.state, MassPreview.objects.count()) == ("draft", 0)
    assert signed_in(staff.editor).get(page(send)).status_code == 200
    assert "会员日" not in signed_in(staff.outsider).get(LIST).content.decode()


def test_what_was_changed_since_its_page_was_opened_is_looked_at_again(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    followers(staff.ours, known, 3)
    send, client = written(target="segment"), signed_in(staff.owner)
    send.segment = Segment.objects.create(account=staff.ours, name="会员")
    send.save()
    given = {"at": "", "seen": client.get(page(send, "send")).context["seen"]}
    Segment.objects.update(conditions=[Condition(field="subscribed", compare="yes", value="")])
    assert "请重新查看" in client.post(page(send, "send"), given).content.decode()
    send.refresh_from_db()
    assert send.state == "draft"
    confirmed(client, send, {"at": ""})
    send.refresh_from_db()
    assert send.state == "scheduled"


@pytest.mark.django_db(transaction=True)
def test_what_is_being_saved_while_it_is_sent_is_looked_at_again(
    staff: Cast, known: Simulated, written: Writer, tag: Tag
) -> None:
    followers(staff.ours, known, 3, tag)
    send, client = written(target="tag", tag=tag), signed_in(staff.owner)
    address, answers = page(send, "send"), list[str]()
    given = {"at": "", "seen": client.get(address).context["seen"]}

    def confirm() -> None:
        try:
            answers.append(client.post(address, given).content.decode())
        finally:
            connection.close()

    confirming = threading.Thread(target=confirm)
    with transaction.atomic():
        MassSend.objects.update(target="all")
        confirming.start()
        while confirming.is_alive() and not somebody_waits():
            pass
    confirming.join()
    assert "请重新查看" in answers[0]
    send.refresh_from_db()
    assert (send.state, send.target) == ("draft", "all")


def asked(staff: Cast, known: Simulated, send: MassSend) -> Approval:
    """Confirms a send as the owner; returns the approval that it needs from somebody else."""
    followers(staff.ours, known, 3)
    confirmed(signed_in(staff.owner), send, {"at": "", "word": "所有人"})
    send.refresh_from_db()
    assert send.state == "draft"
    return Approval.objects.get()


def agreed(approval: Approval, staff: Cast) -> str:
    """Lets a second person agree; returns the page that they read afterwards."""
    address = f"/admin/approvals/approval/{approval.pk}/"
    return signed_in(staff.superuser).post(address, {"agreed": "1"}, follow=True).content.decode()


def test_without_a_limit_of_its_own_it_waits_for_approval(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    send = written()
    approval = asked(staff, known, send)
    assert approval.size == 3
    assert "正在等待他人同意" in signed_in(staff.owner).get(page(send)).content.decode()
    agreed(approval, staff)
    send.refresh_from_db()
    assert (send.state, send.sent_by) == ("scheduled", staff.owner)


def test_what_was_changed_after_it_was_asked_for_gets_no_approval(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    send = written()
    approval = asked(staff, known, send)
    signed_in(staff.owner).post(page(send), filled(staff.ours, text="别的内容"))
    assert "请重新申请" in agreed(approval, staff)
    send.refresh_from_db()
    assert (send.state, send.content["content"]) == ("draft", "别的内容")


def test_another_question_of_the_segment_needs_another_approval(
    staff: Cast, known: Simulated, written: Writer
) -> None:
    send = written(target="segment", segment=Segment.objects.create(account=staff.ours, name="会员"))
    approval = asked(staff, known, send)
    Segment.objects.update(conditions=[Condition(field="subscribed", compare="yes", value="")])
    assert "请重新申请" in agreed(approval, staff)
    send.refresh_from_db()
    assert send.state == "draft"
