"""Tests of imports and exports of followers, by the pages for staff."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook
from pytest_django import Settings

from accounts.followers import job_requests, selection
from accounts.followers.models import BulkJob, Change, CustomField, FieldValue, Follower, JobFault
from accounts.official.models import OfficialAccount
from tests import workbooks
from tests.cast import Cast, signed_in
from tests.workbooks import OPENID, WRITERS
from wechat.kernel import work

pytestmark = pytest.mark.django_db

Kind = CustomField.Kind


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def person(account: OfficialAccount) -> Follower:
    """A follower of an account that has custom fields of every kind."""
    for name, kind in (("鞋码", Kind.NUMBER), ("生日", Kind.DATE), ("手机", Kind.TEXT)):
        CustomField.objects.create(account=account, name=name, kind=kind)
    return Follower.objects.create(account=account, openid=OPENID)


def uploaded(staff: Cast, body: bytes, name: str) -> Any:
    form = {"account": staff.ours.pk, "file": SimpleUploadedFile(name, body)}
    return signed_in(staff.owner).post(reverse("admin:followers_import"), form)


def finished() -> BulkJob:
    job = BulkJob.objects.get()
    while job.is_open and not job.error:
        work.run("followers.run_jobs")
        job.refresh_from_db()
    return job


def values(person: Follower) -> set[str]:
    found = FieldValue.objects.filter(follower=person).select_related("field")
    return {str(value.number or value.date or value.text) for value in found}


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_workbook_of_any_program_is_imported(
    staff: Cast, person: Follower, settings: Settings, writer: Callable[[], bytes], in_memory: bool
) -> None:
    if not in_memory:
        settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 0
    assert uploaded(staff, writer(), "名单.xlsx").status_code == 302
    assert (finished().state, finished().failed) == ("done", 0)
    assert values(person) == {"42.0000", "1990-05-01", "13800000000"}


@pytest.mark.django_db(transaction=True)
def test_a_workbook_that_is_called_csv_is_imported(staff: Cast, person: Follower) -> None:
    assert (
        uploaded(staff, workbooks.of_rows(["OpenID", "鞋码"], [OPENID, "42"]), "名单.csv").status_code == 302
    )
    assert (finished().state, finished().failed) == ("done", 0)
    assert values(person) == {"42.0000"}


def test_a_workbook_leaves_a_table_of_the_same_name_as_it_is(staff: Cast, person: Follower) -> None:
    uploaded(staff, workbooks.of_rows(["OpenID", "鞋码"], [OPENID, "42"]), "名单.xlsx")
    uploaded(staff, f"OpenID,手机\r\n{OPENID},13800000000\r\n".encode(), "名单.csv")
    while BulkJob.objects.filter(due_at__isnull=False, error="").exists():
        work.run("followers.run_jobs")
    assert set(BulkJob.objects.values_list("state", "failed")) == {("done", 0)}
    assert values(person) == {"42.0000", "13800000000"}


@pytest.mark.parametrize(
    ("row", "failed"),
    [
        ([OPENID, "42", "13800000000", "老客户，周三来电"], 0),
        ([OPENID, "42", "", "", "老客户"], 0),
        ([OPENID, "", "42", "13800000000"], 1),
    ],
    ids=["right beside a whole row", "apart", "shifted"],
)
def test_a_note_beside_the_table_is_left_out_and_a_shifted_row_is_refused(
    staff: Cast, person: Follower, row: list[str], failed: int
) -> None:
    body = workbooks.of_rows(["会员导出"], ["OpenID", "鞋码", "手机"], row)
    assert uploaded(staff, body, "名单.xlsx").status_code == 302
    job = finished()
    assert (job.state, job.failed) == ("done", failed)
    assert values(person) == (set() if failed else {text for text in ("42.0000", row[2]) if text})
    if failed:
        assert (JobFault.objects.get().row, JobFault.objects.get().openid) == (3, OPENID)


def test_of_two_rows_about_one_follower_the_later_remark_counts(staff: Cast, person: Follower) -> None:
    Follower.objects.filter(pk=person.pk).update(remark="王女士")
    body = f"OpenID,备注\r\n{OPENID},李女士\r\n{OPENID},王女士\r\n".encode()
    assert uploaded(staff, body, "名单.csv").status_code == 302
    assert (finished().state, finished().failed) == ("done", 0)
    person.refresh_from_db()
    assert person.remark == "王女士"
    assert not Change.objects.exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gbk"])
def test_a_text_in_any_encoding_is_imported(staff: Cast, person: Follower, encoding: str) -> None:
    body = f"用户OpenID,备注,鞋码\r\n{OPENID},王女士,42\r\n".encode(encoding)
    assert uploaded(staff, body, "名单.csv").status_code == 302
    finished()
    person.refresh_from_db()
    assert (person.remark, values(person)) == ("王女士", {"42.0000"})


def test_a_table_below_a_title_with_row_numbers_before_it_is_imported(staff: Cast, person: Follower) -> None:
    body = f"三月会员,,,\n,,,\n,ＯｐｅｎＩＤ（必填）,备注,鞋码\n1,{OPENID},王女士,42\n2,oNobody,,\n".encode()
    assert uploaded(staff, body, "名单.csv").status_code == 302
    job = finished()
    person.refresh_from_db()
    assert (person.remark, values(person)) == ("王女士", {"42.0000"})
    assert [fault.row for fault in job.faults.all()] == [5]


def test_a_column_without_a_name_is_named_by_its_letter(staff: Cast, person: Follower) -> None:
    page = uploaded(staff, f"名单\nOpenID,,鞋码\n{OPENID},1,42\n".encode(), "名单.csv")
    assert page.context["form"].errors["file"] == ["B 列在第 2 行没有列名，请填写列名，或删除这一列。"]


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "1.38E+10", "########"])
def test_a_cell_that_a_spreadsheet_has_spoilt_changes_nothing_and_is_told(
    staff: Cast, person: Follower, cell: str
) -> None:
    assert uploaded(staff, f"OpenID,备注,手机\n{OPENID},好,{cell}\n".encode(), "名单.csv").status_code == 302
    fault = finished().faults.get()
    assert (fault.row, cell in fault.reason, values(person)) == (2, True, set())


@pytest.mark.parametrize(
    ("field", "cell", "kept"),
    [
        ("鞋码", "15%", "0.1500"),
        ("鞋码", "－１，２３４．５", "-1234.5000"),
        ("鞋码", "1e3", "1000.0000"),
        ("生日", "2026年3月1日 星期日", "2026-03-01"),
        ("生日", "２０２６／３／１ 上午8:30", "2026-03-01"),
        ("会员", "√", "1.0000"),
        # Stored as zero, which counts as empty here.
        ("会员", "错", ""),
    ],
)
def test_a_value_means_the_same_however_programs_and_input_methods_write_it(
    staff: Cast, person: Follower, field: str, cell: str, kept: str
) -> None:
    CustomField.objects.create(account=staff.ours, name="会员", kind=Kind.YES_NO)
    assert uploaded(staff, f'OpenID,{field}\n{OPENID},"{cell}"\n'.encode(), "名单.csv").status_code == 302
    assert (finished().failed, values(person)) == (0, {kept})


@pytest.mark.parametrize("cell", ["1,5", "1,0000", "1_0", "5²", "NaN", "0x10", "1e400"])
def test_what_could_be_another_number_changes_nothing(staff: Cast, person: Follower, cell: str) -> None:
    uploaded(staff, f'OpenID,鞋码\n{OPENID},"{cell}"\n'.encode(), "名单.csv")
    assert finished().failed == 1
    assert not values(person)


@pytest.mark.parametrize(("name", "body"), workbooks.hostile().items())
def test_a_file_that_would_cost_much_is_refused_in_words(
    staff: Cast, person: Follower, name: str, body: bytes
) -> None:
    page = uploaded(staff, body, "名单.xlsx")
    assert page.status_code == 200
    assert page.context["form"].errors["file"][0]
    assert not BulkJob.objects.exists()


def test_a_bad_row_far_below_ends_the_job_with_a_sentence(staff: Cast, person: Follower) -> None:
    """The page reads two rows only."""
    body = f"OpenID,鞋码\n{OPENID},42\n{',' * 300}\n".encode()
    assert uploaded(staff, body, "名单.csv").status_code == 302
    assert (finished().state, "256" in finished().error) == ("failed", True)
    assert values(person) == set()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_one_odd_cell_does_not_end_an_export(account: OfficialAccount, person: Follower, form: str) -> None:
    Follower.objects.filter(pk=person.pk).update(remark="＝1+1", nickname="王\x14女\x0b士")
    shoe, _day, phone = CustomField.objects.order_by("pk")
    FieldValue.objects.create(field=shoe, follower=person, number=Decimal("42.5"))
    FieldValue.objects.create(field=phone, follower=person, text="420000123456789012")
    details = {**selection.everybody(account, ""), "format": form, "masked": False}
    job_requests.ask(account, "export", details, None)
    job = finished()
    assert job.state == "done"
    data = Path(job.result.path).read_bytes()
    if form == "csv":
        row: list[Any] = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1]
        shown: list[Any] = ["42.5", "", "'420000123456789012"]
    else:
        sheet = load_workbook(io.BytesIO(data)).active
        assert sheet is not None
        row = [cell.value for cell in sheet[2]]
        shown = [42.5, None, "420000123456789012"]
    assert row[:3] == [OPENID, "'＝1+1", "王女士"]
    assert row[-3:] == shown


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_what_was_exported_is_imported_the_same(
    staff: Cast, account: OfficialAccount, person: Follower, form: str, language: str
) -> None:
    shoe, day, phone = CustomField.objects.order_by("pk")
    FieldValue.objects.create(field=shoe, follower=person, number=Decimal("42.5"))
    FieldValue.objects.create(field=day, follower=person, date="1990-05-01")
    FieldValue.objects.create(field=phone, follower=person, text="420000123456789012")
    Follower.objects.filter(pk=person.pk).update(remark="-王女士", nickname="=cmd|'/c calc'!A1\n😀\u202e")
    before = values(person)
    details = {**selection.everybody(account, ""), "format": form, "masked": False}
    with translation.override(language):
        job_requests.ask(account, "export", details, None)
    body = Path(finished().result.path).read_bytes()
    Follower.objects.filter(pk=person.pk).update(remark="")
    FieldValue.objects.all().delete()
    BulkJob.objects.all().delete()
    page = uploaded(staff, body, f"名单.{form}")
    assert page.status_code == 302
    assert (finished().state, finished().failed) == ("done", 0)
    person.refresh_from_db()
    assert (person.remark, values(person)) == ("-王女士", before)


def test_the_columns_that_an_import_leaves_out_are_named(staff: Cast, person: Follower) -> None:
    client = signed_in(staff.owner)
    file = SimpleUploadedFile("名单.csv", f"OpenID,备注,标签,昵称\n{OPENID},王女士,VIP,\n".encode())
    page = client.post(reverse("admin:followers_import"), {"account": staff.ours.pk, "file": file})
    assert "以下各列未导入：标签、昵称" in client.get(page["Location"]).content.decode()
