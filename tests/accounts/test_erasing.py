"""Tests of erasing as a state: data from before it are not stored again, whatever their source."""

import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.core.files.base import ContentFile
from django.utils import timezone
from openpyxl import Workbook

from accounts.followers import erasing
from accounts.followers.models import BulkJob, Change, Erasure, Follower, JobFault, Tag
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from tests.accounts.conftest import Crowd
from tests.cast import Cast, message, signed_in
from tests.locks import met_by
from wechat.desk.models import Thread
from wechat.inbox import reacting, routing
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.inbox.routing import InboundEvent
from wechat.kernel import work
from wechat.pushes.models import Push
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


SECOND = datetime.timedelta(seconds=1)
# What an export of all that the list shows is about.
WHOLE_LIST = {"filter": "", "newest": 10**9, "hidden": False}


@pytest.fixture
def known(crowd: Crowd) -> str:
    """A follower with a remark, tags and a unionid, here and at the platform."""
    crowd.seed(count=1, tags=["VIP"], tagged=1.0, unionids=True)
    (openid,) = crowd.state()["followers"]
    crowd.sync()
    remark(crowd, openid, "王女士")
    return str(openid)


def remark(crowd: Crowd, openid: str, text: str) -> None:
    follower = crowd.follower(openid)
    Follower.objects.filter(pk=follower.pk).update(remark=text)
    Change.objects.create(account=crowd.account, follower=follower, kind="remark", desired=text)
    crowd.send()


def erase(crowd: Crowd, openid: str) -> None:
    erasing.erase(crowd.follower(openid))


def of_the_person(crowd: Crowd, openid: str) -> tuple[Any, ...]:
    """Returns the fields that identify a follower, or say how and when they came."""
    row = crowd.follower(openid)
    moments = (row.subscribed_at, row.first_subscribed_at, row.last_seen_at)
    return (row.remark, row.unionid, row.subscribe_scene, row.qr_scene_str, *moments, row.tags.count())


NOTHING = ("", "", "", "", None, None, None, 0)


def test_remark_and_tags_are_taken_off_at_the_platform_too(crowd: Crowd, known: str) -> None:
    assert crowd.state()["followers"][known]["remark"] == "王女士"
    erase(crowd, known)
    crowd.send()
    assert crowd.state()["followers"][known]["remark"] == ""
    assert crowd.tagged()[known] == set()


def test_the_next_synchronisation_brings_nothing_back(crowd: Crowd, known: str) -> None:
    """Nothing comes back even while the platform still has the remark and the tags."""
    erase(crowd, known)
    Change.objects.all().delete()
    assert crowd.sync().step == "done"
    assert of_the_person(crowd, known) == NOTHING
    assert crowd.follower(known).subscribed


def test_a_profile_that_was_asked_for_before_the_erasing_brings_nothing_back(
    crowd: Crowd, known: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accounts.followers import platform_rows

    written = platform_rows.update_profiles

    def after_erasing(*given: Any) -> Any:
        erase(crowd, known)
        return written(*given)

    monkeypatch.setattr(platform_rows, "update_profiles", after_erasing)
    crowd.sync()
    assert of_the_person(crowd, known) == NOTHING


def test_what_staff_note_of_them_afterwards_stays(crowd: Crowd, known: str) -> None:
    erase(crowd, known)
    crowd.send()
    remark(crowd, known, "新备注")
    crowd.sync()
    assert crowd.follower(known).remark == "新备注"


def test_who_leaves_and_follows_again_is_somebody_new(crowd: Crowd, known: str) -> None:
    erase(crowd, known)
    Erasure.objects.update(at=timezone.now() - datetime.timedelta(days=1))
    crowd.act(known, type="unfollow")
    crowd.act(known, type="follow")
    crowd.sync()
    assert crowd.follower(known).subscribed_at is not None


def test_who_left_is_told_to_have_left(crowd: Crowd, known: str) -> None:
    erase(crowd, known)
    crowd.act(known, type="unfollow")
    crowd.sync()
    assert not crowd.follower(known).subscribed


def test_a_message_from_before_that_comes_late_is_emptied_and_does_nothing(
    account: OfficialAccount, staff: Cast
) -> None:
    follower = Follower.objects.create(account=account, openid="oLate")
    erasing.erase(follower)
    before = timezone.now() - 10 * SECOND
    late = message(account, "我的电话是 13800138000", openid="oLate", sent_at=before, handled_at=None)
    reacting.react_to([late])
    late.refresh_from_db()
    follower.refresh_from_db()
    assert "13800138000" not in f"{late.body}{late.text}"
    assert late.handled_at is not None
    assert (follower.last_seen_at, late.due_at) == (None, None)


def test_a_message_from_before_makes_no_follower_of_who_never_followed(account: OfficialAccount) -> None:
    erasing.erase(Follower(account=account, openid="oNobody"))
    before = timezone.now() - 10 * SECOND
    reacting.react_to([message(account, "你好", openid="oNobody", sent_at=before)])
    assert not Follower.objects.filter(openid="oNobody").exists()


def test_what_they_write_afterwards_is_a_strangers(account: OfficialAccount) -> None:
    erasing.erase(Follower.objects.create(account=account, openid="oBack", remark="王"))
    later = message(account, "你好", openid="oBack", sent_at=timezone.now() + 2 * SECOND)
    reacting.react_to([later])
    follower = Follower.objects.get(openid="oBack")
    assert (follower.remark, follower.last_seen_at) == ("", later.sent_at)
    assert InboundMessage.objects.get().text == "你好"


def left_of(openid: str) -> list[object]:
    """Returns the rows that reactions wrote about what a person sent, without emptied ones."""
    threads, deliveries = Thread.objects.filter(openid=openid), Delivery.objects.filter(openid=openid)
    return [*threads, *deliveries, *Push.objects.filter(openid=openid).exclude(content__has_key="erased")]


@pytest.fixture
def written(account: OfficialAccount) -> InboundMessage:
    """A message not handled yet, for the desk and a webhook, with a further answer."""
    Follower.objects.create(account=account, openid="oErased")
    Endpoint.objects.create(account=account, url="https://example.com/", events=["message.received"])
    later = [{"type": "text", "content": "稍后回复您"}]
    return message(account, "我的电话是 13800138000", openid="oErased", later=later, handled_at=None)


def test_who_is_erased_while_a_worker_is_at_the_messages_before_leaves_nothing_of_theirs(
    account: OfficialAccount, written: InboundMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = message(account, "你好", openid="oOther", handled_at=None)
    monkeypatch.setattr(routing._table, "reacting", [*routing._table.reacting])

    @routing.reacts()
    def erase_meanwhile(event: InboundEvent) -> None:
        if event.message.openid == "oOther":
            erasing.erase(Follower.objects.get(openid="oErased"))

    reacting.react_to([other, written])
    written.refresh_from_db()
    assert left_of("oErased") == []
    assert (written.text, written.handled_at is not None) == ("", True)
    assert len(left_of("oOther")) == 2


@pytest.mark.parametrize("first", ["the worker", "the erasing"])
def test_who_is_erased_at_the_moment_in_which_their_message_is_handled_leaves_nothing_of_it(
    written: InboundMessage, first: str
) -> None:
    def work_off() -> None:
        reacting.react_to([written])

    def erase() -> None:
        erasing.erase(Follower.objects.get(openid="oErased"))

    met_by(*((work_off, erase) if first == "the worker" else (erase, work_off)))
    assert left_of("oErased") == []
    assert Follower.objects.get(openid="oErased").last_seen_at is None


def test_emptied_messages_are_no_questions_that_wait_for_an_answer(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid="oFollower000000000000000001")
    message(staff.ours, "几点开门")
    pages = ("/admin/inbox/inboundmessage/unanswered/", "/admin/inbox/inboundmessage/?answer=unanswered")
    assert all("几点开门" in signed_in(staff.owner).get(page).content.decode() for page in pages)
    erasing.erase(follower)
    shown = signed_in(staff.owner).get(pages[0]).context["report"]
    assert list(shown.questions) == []
    assert "oFollower000000000000000001" not in signed_in(staff.owner).get(pages[1]).content.decode()


def test_a_picture_that_was_being_fetched_leaves_no_file(account: OfficialAccount, tmp_path: Any) -> None:
    from wechat.inbox import media

    follower = Follower.objects.create(account=account, openid="oFollower000000000000000001")
    row = InboundMedia.objects.create(
        message=message(account, kind="image"), media_id="m", kind="image", due_at=timezone.now()
    )
    erasing.erase(follower)
    media._settle(row, media.Fetched(b"\x89PNG", "image/png"))
    assert row.file.name
    assert not row.file.storage.exists(row.file.name)


# --- files, jobs and the history


def export(account: OfficialAccount) -> BulkJob:
    job = BulkJob.objects.create(account=account, kind="export", details={"masked": False, **WHOLE_LIST})
    work.run("followers.run_jobs")
    job.refresh_from_db()
    return job


def test_files_of_followers_go_with_them_and_it_is_said_first(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid="oExported", remark="王女士")
    job = export(staff.ours)
    path = job.result.path
    JobFault.objects.create(job=job, openid="oExported", reason="王女士")
    page = f"/admin/followers/follower/{follower.pk}/erase/"
    assert "1 个导出或上传的粉丝文件" in signed_in(staff.owner).get(page).content.decode()
    signed_in(staff.owner).post(page, {"account": staff.ours.pk, "word": "清除"})
    job.refresh_from_db()
    assert not job.result
    assert not job.result.storage.exists(path)
    assert not JobFault.objects.exists()
    assert signed_in(staff.owner).get(f"/admin/followers/follower/jobs/{job.pk}/").status_code == 200


def test_an_export_under_way_begins_again_without_them(staff: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.followers import jobs

    monkeypatch.setattr(jobs, "SLICE", 1)
    monkeypatch.setattr(jobs.slice_of, "__defaults__", (1,))
    follower = Follower.objects.create(account=staff.ours, openid="oFirst", remark="王女士")
    Follower.objects.create(account=staff.ours, openid="oSecond")
    job = BulkJob.objects.create(account=staff.ours, kind="export", details={"masked": False, **WHOLE_LIST})
    claimed = BulkJob.objects.get(pk=job.pk)
    assert jobs._do_slice(claimed, float("inf"))
    erasing.erase(follower)
    BulkJob.objects.update(due_at=timezone.now())
    work.run("followers.run_jobs")
    job.refresh_from_db()
    written = (project.MEDIA_ROOT / str(job.result.name)).read_text("utf-8-sig")
    assert "王女士" not in written
    assert "oSecond" in written


def uploaded(account: OfficialAccount, name: str, body: bytes) -> BulkJob:
    """Returns an import of a table that was uploaded before."""
    return BulkJob.objects.create(account=account, kind="import", source=ContentFile(body, name))


def test_a_table_from_before_brings_no_remark_back_and_is_not_kept(account: OfficialAccount) -> None:
    follower = Follower.objects.create(account=account, openid="oErased", remark="王女士", subscribed=True)
    Follower.objects.create(account=account, openid="oOther")
    table = "OpenID,备注\noErased,王女士\noOther,老李\n".encode()
    job = uploaded(account, "people.csv", table)
    path = job.source.path
    erasing.erase(follower)
    work.run("followers.run_jobs")
    remarks = dict(Follower.objects.values_list("openid", "remark"))
    assert remarks == {"oErased": "", "oOther": "老李"}
    assert not Change.objects.filter(desired="王女士").exists()
    job.refresh_from_db()
    assert (job.state, job.source.name) == ("done", "")
    assert not Path(path).exists()


def test_a_workbook_leaves_nothing_behind_beside_its_rows(account: OfficialAccount) -> None:
    """It is unpacked to be read in parts: the file that was uploaded goes then."""
    Follower.objects.create(account=account, openid="oOther")
    book, data = Workbook(), io.BytesIO()
    for row in (["OpenID", "备注"], ["oOther", "老李"]):
        book.worksheets[0].append(row)
    book.save(data)
    job = uploaded(account, "people.xlsx", data.getvalue())
    path = Path(job.source.path)
    work.run("followers.run_jobs")
    job.refresh_from_db()
    assert job.state == "done"
    assert list(path.parent.iterdir()) == []
    assert Path(job.source.path).is_file()


def test_a_tag_that_was_asked_for_before_is_not_put_on_them(account: OfficialAccount) -> None:
    follower = Follower.objects.create(account=account, openid="oErased")
    other = Follower.objects.create(account=account, openid="oOther")
    tag = Tag.objects.create(account=account, name="大客户")
    BulkJob.objects.create(
        account=account, kind="tag", details={"tag": tag.pk, "ids": [follower.pk, other.pk]}
    )
    erasing.erase(follower)
    work.run("followers.run_jobs")
    assert list(tag.followers.values_list("openid", flat=True)) == ["oOther"]


def test_the_history_tells_that_a_remark_was_changed_and_never_the_remark(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid="oHistory")
    client, page = signed_in(staff.owner), f"/admin/followers/follower/{follower.pk}/change/"
    client.post(page, {"remark": "王女士", "account": staff.ours.pk})
    history = client.get(f"/admin/followers/follower/{follower.pk}/history/").content.decode()
    [entry] = audit.entries_of(follower)
    assert entry.words in history
    assert "备注" in entry.words
    assert "王女士" not in entry.words


def test_where_else_the_person_is_known_is_said_to_who_may_know_it(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid="oHere", unionid="oPerson")
    Follower.objects.create(account=staff.theirs, openid="oThere", unionid="oPerson")
    page = f"/admin/followers/follower/{follower.pk}/erase/"
    assert staff.theirs.name in signed_in(staff.superuser).get(page).content.decode()
    owner = signed_in(staff.owner).get(page).content.decode()
    assert staff.theirs.name not in owner
    assert "1 个由其他人管理的公众号" in owner
    after = signed_in(staff.superuser).post(page, {"account": staff.ours.pk, "word": "清除"}, follow=True)
    assert staff.theirs.name in after.content.decode()
    assert Follower.objects.get(openid="oThere").unionid == "oPerson"
