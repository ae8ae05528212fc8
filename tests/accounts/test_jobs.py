import csv
import datetime
import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook
from pytest_django import Settings

from accounts.followers import job_requests, jobs, selection
from accounts.followers.models import (
    AutoTag,
    BulkJob,
    Change,
    CustomField,
    FieldValue,
    Follower,
    Segment,
    Tag,
)
from accounts.official.models import OfficialAccount
from tests.accounts.conftest import Crowd
from tests.cast import Cast, signed_in
from wechat.kernel import work

pytestmark = pytest.mark.django_db

State = BulkJob.State


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def people(account: OfficialAccount, count: int) -> list[Follower]:
    rows = [Follower(account=account, openid=f"oPerson{number:05}") for number in range(count)]
    return Follower.objects.bulk_create(rows)


def done(
    account: OfficialAccount, kind: str, details: dict[str, Any] | None = None, **fields: Any
) -> BulkJob:
    job_details = {**selection.everybody(account, ""), **(details or {})}
    job = job_requests.ask(account, kind, job_details, None, **fields)
    while job.is_open and not job.error:
        work.run("followers.run_jobs")
        job.refresh_from_db()
    return job


def test_everybody_gets_the_tag_slice_by_slice(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE", 7)
    people(account, 20)
    tag = Tag.objects.create(account=account, name="VIP")
    job = done(account, "tag", {"tag": tag.pk})
    assert (job.state, job.processed, job.total, job.failed) == (State.DONE, 20, 20, 0)
    assert tag.followers.count() == Change.objects.filter(job=job).count() == 20


def test_the_job_counts_what_the_platform_has_taken(crowd: Crowd) -> None:
    crowd.add(3)
    crowd.sync()
    tag = crowd.tag("VIP")
    job = done(crowd.account, "tag", {"tag": tag.pk})
    crowd.send()
    job.refresh_from_db()
    assert (job.sent, job.failed) == (3, 0)


def test_those_without_room_are_named(account: OfficialAccount) -> None:
    full, _other = people(account, 2)
    full.tags.set(Tag.objects.create(account=account, name=f"标签{number}") for number in range(20))
    tag = Tag.objects.create(account=account, name="VIP")
    job = done(account, "tag", {"tag": tag.pk})
    assert (job.processed, job.failed, job.faults.get().openid) == (2, 1, full.openid)


def test_those_who_come_after_the_asking_are_not_meant(account: OfficialAccount) -> None:
    people(account, 2)
    details = {**selection.everybody(account, ""), "tag": Tag.objects.create(account=account, name="VIP").pk}
    job = job_requests.ask(account, "tag", details, None)
    Follower.objects.create(account=account, openid="oLate")
    work.run("followers.run_jobs")
    job.refresh_from_db()
    assert job.processed == 2


def test_untagging_by_the_very_tag_reaches_everybody(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE", 2)
    tag = Tag.objects.create(account=account, name="VIP")
    tag.followers.set(people(account, 5))
    job = done(account, "untag", {**selection.everybody(account, f"tag={tag.pk}"), "tag": tag.pk})
    assert (job.processed, tag.followers.count()) == (5, 0)


def test_the_blacklist_takes_those_who_left_only_here(account: OfficialAccount) -> None:
    people(account, 2)
    Follower.objects.filter(openid="oPerson00001").update(subscribed=False)
    job = done(account, "block")
    assert Follower.objects.filter(blacklisted=True).count() == 2
    assert (Change.objects.get().follower.openid, job.failed) == ("oPerson00000", 1)


def test_a_job_whose_tag_is_gone_ends_and_says_so(account: OfficialAccount) -> None:
    people(account, 1)
    job = done(account, "tag", {"tag": 999})
    assert (job.state, job.due_at) == (State.FAILED, None)
    assert job.error


def test_a_slice_that_fails_is_done_again_later_and_then_given_up(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs._kinds, "_known", {})

    @jobs.runs("breaks", "breaks")
    def breaks(job: BulkJob) -> bool:
        raise RuntimeError("no luck")

    job = done(account, "breaks")
    assert job.due_at is not None
    for _again in range(len(work.RETRY)):
        BulkJob.objects.update(due_at=timezone.now())
        work.run("followers.run_jobs")
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "RuntimeError: no luck")


# --- export


def exported(job: BulkJob) -> list[list[str]]:
    text = Path(job.result.path).read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_followers_are_written_with_tags_and_own_fields(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE", 2)
    first, *_others = people(account, 5)
    first.tags.add(Tag.objects.create(account=account, name="VIP"))
    field = CustomField.objects.create(account=account, name="城市")
    FieldValue.objects.create(field=field, follower=first, text="广州")
    job = done(account, "export", {"format": "csv", "masked": False})
    heading, *rows = exported(job)
    assert (heading[0], heading[-1], len(rows)) == ("OpenID", "城市", 5)
    assert rows[0][0] == first.openid
    assert "VIP" in rows[0]
    assert rows[0][-1] == "广州"


def test_an_interrupted_slice_is_in_the_file_once(
    account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE", 2)
    people(account, 3)
    details = {**selection.everybody(account, ""), "format": "csv"}
    job = job_requests.ask(account, "export", details, None)
    with monkeypatch.context() as broken:
        broken.setattr(BulkJob, "save", lambda self: (_ for _ in ()).throw(OSError("disk")))
        work.run("followers.run_jobs")
    BulkJob.objects.update(due_at=timezone.now())
    work.run("followers.run_jobs")
    job.refresh_from_db()
    assert len(exported(job)) == 4


def test_a_workbook_holds_texts_and_no_formulas(account: OfficialAccount) -> None:
    Follower.objects.create(account=account, openid="oPerson", remark="=1+1")
    job = done(account, "export", {"format": "xlsx", "masked": False})
    sheet = load_workbook(job.result.path).active
    assert sheet is not None
    assert (sheet["B2"].value, sheet["B2"].data_type) == ("'=1+1", "s")


def status(user: User, address: str) -> int:
    answer: Any = signed_in(user).get(address)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return int(answer.status_code)


def test_who_may_only_look_gets_masked_openids(staff: Cast) -> None:
    people(staff.ours, 1)
    job = done(staff.ours, "export", {"format": "csv", "masked": True})
    assert exported(job)[1][0] == "oPer…0000"
    address = reverse("admin:followers_job_file", args=(job.pk,))
    assert status(staff.editor, address) == 200
    assert status(staff.outsider, address) == 404


def test_an_unmasked_file_is_for_those_who_may_change_followers(staff: Cast) -> None:
    people(staff.ours, 1)
    job = done(staff.ours, "export", {"format": "csv", "masked": False})
    address = reverse("admin:followers_job_file", args=(job.pk,))
    assert status(staff.editor, address) == 403
    assert status(staff.owner, address) == 200
    page = signed_in(staff.owner).get(reverse("admin:followers_job", args=(job.pk,)))
    assert [entry.user for entry in page.context["downloads"]] == [staff.owner]


def test_a_file_that_is_gone_is_not_found_and_no_download(staff: Cast) -> None:
    people(staff.ours, 1)
    job = done(staff.ours, "export", {"format": "csv", "masked": False})
    job.result.delete(save=False)
    assert status(staff.owner, reverse("admin:followers_job_file", args=(job.pk,))) == 404
    page = signed_in(staff.owner).get(reverse("admin:followers_job", args=(job.pk,)))
    assert list(page.context["downloads"]) == []


# --- import


def table(*rows: tuple[str, ...], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def imported(account: OfficialAccount, data: bytes, name: str = "followers.csv") -> BulkJob:
    return done(account, "import", source=ContentFile(data, name))


def fields(account: OfficialAccount) -> None:
    CustomField.objects.create(account=account, name="鞋码", kind=CustomField.Kind.NUMBER)
    CustomField.objects.create(account=account, name="生日", kind=CustomField.Kind.DATE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_rows_are_taken_whole_or_refused_with_their_number(account: OfficialAccount, encoding: str) -> None:
    people(account, 4)
    fields(account)
    data = table(
        ("OpenID", "备注", "鞋码", "生日"),
        ("oPerson00000", "王女士", "42", "1990-05-01"),
        ("oPerson00001", "李先生", "四十二", "1990-05-01"),
        ("oPerson00002", "", "", "1990/5/2 0:00"),
        ("oNobody", "", "40", ""),
        ("", "", "40", ""),
        ("oPerson00003", "一二三四五六七八九十", "40", ""),
        encoding=encoding,
    )
    job = imported(account, data)
    assert (job.state, job.processed, job.failed) == (State.DONE, 6, 4)
    assert list(job.faults.order_by("row").values_list("row", flat=True)) == [3, 5, 6, 7]
    refused = Follower.objects.get(openid="oPerson00001")
    assert (refused.remark, refused.custom_values.count()) == ("", 0)
    taken = Follower.objects.get(openid="oPerson00000")
    assert (taken.remark, taken.custom_values.count()) == ("王女士", 2)
    assert Change.objects.get().desired == "王女士"
    assert FieldValue.objects.count() == 3


def test_a_row_whose_cells_have_moved_or_are_unreadable_is_refused(account: OfficialAccount) -> None:
    people(account, 3)
    rows = "备注,OpenID\n王,oPerson00000\n李,四,oPerson00001\n赵六先生和夫人,oPerson00002\n".encode()
    broken = rows.replace("夫".encode(), b"\xb7\xf2")
    job = imported(account, broken)
    assert list(job.faults.order_by("row").values_list("row", flat=True)) == [3, 4]
    assert list(Follower.objects.exclude(remark="").values_list("remark", flat=True)) == ["王"]


def test_a_workbook_is_read_like_a_csv_file(account: OfficialAccount) -> None:
    people(account, 1)
    fields(account)
    book, data = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append(["OpenID", "鞋码", "生日"])
    sheet.append(["oPerson00000", 42, datetime.datetime(1990, 5, 1)])
    book.save(data)
    job = imported(account, data.getvalue(), "followers.xlsx")
    assert (job.state, job.failed) == (State.DONE, 0)
    assert FieldValue.objects.filter(number=42).exists()
    assert FieldValue.objects.filter(date="1990-05-01").exists()


def test_a_hundred_thousand_rows_are_reported_row_by_row(account: OfficialAccount) -> None:
    people(account, 50)
    CustomField.objects.create(account=account, name="城市")
    rows = [(f"oPerson{number:05}", "广州") for number in range(100_000)]
    job = imported(account, table(("OpenID", "城市"), *rows))
    assert (job.processed, job.failed, FieldValue.objects.count()) == (100_000, 99_950, 50)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (table(("姓名", "鞋码"), ("王", "42")), "no-openid.csv"),
        (table(("OpenID", "不存在"), ("oPerson00000", "42")), "unknown.csv"),
        (table(("OpenID", "鞋码", "鞋码"), ("oPerson00000", "42", "43")), "twice.csv"),
        (table(("OpenID", "鞋码")), "empty.csv"),
        (b"", "nothing.csv"),
        (b"PK\x03\x04 broken", "broken.xlsx"),
        (b"\x00\x01\x02\xff" * 50, "binary.csv"),
        (b"\xff\xfe\xfd\n" * 10, "no-text.csv"),
    ],
)
def test_a_table_with_wrong_columns_is_refused_at_once(staff: Cast, data: bytes, name: str) -> None:
    fields(staff.ours)
    answer = signed_in(staff.owner).post(
        reverse("admin:followers_import"), {"account": staff.ours.pk, "file": SimpleUploadedFile(name, data)}
    )
    assert answer.status_code == 200
    assert not BulkJob.objects.exists()


def test_a_good_table_becomes_a_job(staff: Cast) -> None:
    fields(staff.ours)
    data = table(("OpenID", "鞋码"), ("oPerson00000", "42"))
    page = reverse("admin:followers_import")
    form = {"account": staff.ours.pk, "file": SimpleUploadedFile("ok.csv", data)}
    assert signed_in(staff.editor).post(page, form).status_code == 403
    form["file"] = SimpleUploadedFile("ok.csv", data)
    assert signed_in(staff.owner).post(page, form).status_code == 302
    assert BulkJob.objects.get().kind == "import"


def test_a_field_that_vanished_meanwhile_ends_the_job(account: OfficialAccount) -> None:
    job = imported(account, table(("OpenID", "鞋码"), ("oPerson00000", "42")))
    assert job.state == State.FAILED
    assert "鞋码" in job.error


# --- automatic tags


def test_a_tag_puts_itself_on_everybody_in_a_segment_and_off_again(account: OfficialAccount) -> None:
    first, second = people(account, 2)
    first.remark = "VIP"
    first.save()
    tag = Tag.objects.create(account=account, name="VIP")
    tag.followers.add(second)
    row = {"field": "remark", "compare": "is", "value": "VIP"}
    segment = Segment.objects.create(account=account, name="贵宾", conditions=[row])
    rule = AutoTag.objects.create(account=account, segment=segment, tag=tag)
    work.run("followers.run_auto_tags")
    rule.refresh_from_db()
    assert (set(tag.followers.all()), rule.added, rule.removed) == ({first, second}, 1, 0)
    assert rule.due_at is not None
    assert rule.due_at > timezone.now()
    AutoTag.objects.update(take_off=True, due_at=timezone.now())
    work.run("followers.run_auto_tags")
    rule.refresh_from_db()
    assert (set(tag.followers.all()), rule.removed) == ({first}, 1)


def test_a_rule_without_anything_to_do_is_claimed_and_put_off_and_not_written_otherwise(
    account: OfficialAccount,
) -> None:
    people(account, 1)
    row = {"field": "remark", "compare": "is", "value": "VIP"}
    segment = Segment.objects.create(account=account, name="贵宾", conditions=[row])
    tag = Tag.objects.create(account=account, name="VIP")
    AutoTag.objects.create(account=account, segment=segment, tag=tag, take_off=True)
    with CaptureQueriesContext(connection) as asked:
        work.run("followers.run_auto_tags")
    assert sum('UPDATE "followers_autotag"' in each["sql"] for each in asked) == 2


def test_a_rule_over_a_broken_segment_says_so_and_is_tried_later(account: OfficialAccount) -> None:
    row = {"field": "gone", "compare": "is", "value": "x"}
    segment = Segment.objects.create(account=account, name="坏", conditions=[row])
    tag = Tag.objects.create(account=account, name="VIP")
    AutoTag.objects.create(account=account, segment=segment, tag=tag)
    work.run("followers.run_auto_tags")
    assert AutoTag.objects.get().error


def test_a_rule_that_is_switched_off_does_nothing(account: OfficialAccount) -> None:
    people(account, 1)
    segment = Segment.objects.create(account=account, name="所有人")
    tag = Tag.objects.create(account=account, name="VIP")
    AutoTag.objects.create(account=account, segment=segment, tag=tag, enabled=False)
    assert work.run("followers.run_auto_tags") == 0
    assert not tag.followers.exists()
