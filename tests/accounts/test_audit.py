"""Tests of the audit log: recording, sealing, search and export; it is immutable, without personal data."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from openpyxl import load_workbook

from accounts.followers import erasing
from accounts.followers.models import Follower, Tag
from accounts.staff.models import AuditChain, AuditEntry
from tests.cast import Cast, signed_in
from wechat.kernel import work

pytestmark = pytest.mark.django_db

LIST = "/admin/staff/auditentry/"
OPENID = "oFollower000000000000000001"


def renamed(staff: Cast, before: str, after: str) -> Tag:
    """Creates a tag and renames it as the service staff; returns the tag."""
    tag = Tag.objects.create(account=staff.ours, name=before)
    page = reverse("admin:followers_tag_change", args=(tag.pk,))
    signed_in(staff.service).post(page, {"name": after}, REMOTE_ADDR="203.0.113.7")
    return tag


def past_the_trigger(sql: str, *values: Any) -> None:
    """Runs SQL as somebody with access to the database may: with the log's guarding trigger disabled."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE staff_auditentry DISABLE TRIGGER audit_entry_stays")
        cursor.execute(sql, values)
        cursor.execute("ALTER TABLE staff_auditentry ENABLE TRIGGER audit_entry_stays")


def sealed(count: int, staff: Cast) -> list[AuditEntry]:
    made = AuditEntry.objects.count()
    for number in range(made, made + count):
        renamed(staff, f"旧{number}", f"新{number}")
    work.run("staff.seal_audit")
    return list(AuditEntry.objects.filter(account=staff.ours).order_by("number"))


def verified() -> str:
    output = io.StringIO()
    call_command("verify_audit", stdout=output, stderr=output)
    return output.getvalue()


def complaint() -> str:
    output = io.StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", stdout=output, stderr=output)
    return output.getvalue()


def test_an_entry_tells_who_what_from_where_and_the_values_before_and_after(staff: Cast) -> None:
    tag = renamed(staff, "老客", "贵宾")
    entry = AuditEntry.objects.get()
    assert (entry.user, entry.account, entry.address) == (staff.service, staff.ours, "203.0.113.7")
    assert (entry.kind, entry.object_id) == ("followers.tag", str(tag.pk))
    assert (list(entry.before.values()), list(entry.after.values())) == (["老客"], ["贵宾"])


def test_of_a_new_installation_there_is_nothing_to_verify(db: None) -> None:
    assert "nothing to verify" in verified()


@pytest.mark.parametrize("change", ["UPDATE staff_auditentry SET note = 'x'", "DELETE FROM staff_auditentry"])
def test_the_database_refuses_to_change_or_delete_an_entry(staff: Cast, change: str) -> None:
    renamed(staff, "老客", "贵宾")
    for _once in ("unsealed", "sealed"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
        work.run("staff.seal_audit")


def test_the_database_refuses_to_empty_the_log(staff: Cast) -> None:
    renamed(staff, "老客", "贵宾")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE staff_auditentry ENABLE TRIGGER audit_entries_stay")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("TRUNCATE staff_auditentry")
    assert AuditEntry.objects.exists()


def test_a_seal_is_put_once(staff: Cast) -> None:
    (entry,) = sealed(1, staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(number=5, hash="x")


def test_every_account_has_a_chain_of_its_own_that_holds(staff: Cast) -> None:
    sealed(3, staff)
    signed_in(staff.outsider).post(
        reverse("admin:followers_tag_add"), {"account": staff.theirs.pk, "name": "a"}
    )
    work.run("staff.seal_audit")
    assert dict(AuditChain.objects.values_list("account__slug", "number")) == {"demo": 3, "theirs": 1}
    assert "demo: 3 entries hold" in verified()


def test_what_was_written_later_is_appended(staff: Cast) -> None:
    sealed(2, staff)
    sealed(2, staff)
    assert [entry.number for entry in AuditEntry.objects.order_by("number")] == [1, 2, 3, 4]
    assert "demo: 4 entries hold" in verified()


def test_the_first_entry_that_was_changed_is_named(staff: Cast) -> None:
    entries = sealed(4, staff)
    past_the_trigger("UPDATE staff_auditentry SET actor = 'nobody' WHERE number IN (2, 4)")
    assert f"demo: link 2 was changed: entry {entries[1].pk}" in complaint()


@pytest.mark.parametrize("number", [1, 3, 4])
def test_an_entry_that_was_taken_away_is_missed(staff: Cast, number: int) -> None:
    sealed(4, staff)
    past_the_trigger("DELETE FROM staff_auditentry WHERE number = %s", number)
    assert f"demo: link {number} is missing" in complaint()


def test_an_entry_put_in_between_is_found(staff: Cast) -> None:
    sealed(3, staff)
    past_the_trigger("UPDATE staff_auditentry SET number = number + 1 WHERE number = 3")
    assert "demo: link 3 is missing" in complaint()


def test_values_of_a_follower_are_withheld_and_erasing_leaves_the_log_whole(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid=f"{OPENID}A", remark="王小明")
    page = reverse("admin:followers_follower_change", args=(follower.pk,))
    signed_in(staff.service).post(page, {"remark": "李雷13800138000"})
    work.run("staff.seal_audit")
    erasing.erase(follower)
    kept = json.dumps(list(AuditEntry.objects.values()), default=str, ensure_ascii=False)
    assert AuditEntry.objects.get().object_id == str(follower.pk)
    for personal in (OPENID, "王小明", "李雷", "13800138000"):
        assert personal not in kept
    assert "demo: 1 entries hold" in verified()


@pytest.mark.parametrize("last", "A-_")
def test_no_sentence_holds_an_openid(staff: Cast, last: str) -> None:
    follower = Follower.objects.create(account=staff.ours, openid=f"{OPENID}{last}", subscribed=True)
    client = signed_in(staff.owner)
    client.post(reverse("admin:campaigns_seeds"), {"account": staff.ours.pk, "follower": follower.openid})
    renamed(staff, f"{follower.openid}的", f"客{follower.openid}")
    assert AuditEntry.objects.filter(account=staff.ours).count() == 2
    assert OPENID not in json.dumps(list(AuditEntry.objects.values()), default=str)


def test_the_page_is_searched_by_who_what_object_and_time(staff: Cast) -> None:
    renamed(staff, "老客", "贵宾")
    client = signed_in(staff.auditor)
    entry = AuditEntry.objects.get()
    day = f"{entry.at:%Y}"
    found = [f"?who={staff.service.pk}", "?q=贵宾", "?kind=followers.tag", f"?since={day}-01-01"]
    missed = ["?q=没有", "?kind=replies.rule", "?until=2001-01-01"]
    for query in ("", *found):
        assert f"{LIST}{entry.pk}/change/" in client.get(LIST + query).content.decode(), query
    for query in missed:
        assert f"{LIST}{entry.pk}/change/" not in client.get(LIST + query).content.decode(), query


def test_only_owners_and_auditors_read_it_and_only_of_their_account(staff: Cast) -> None:
    renamed(staff, "老客", "贵宾")
    assert "贵宾" in signed_in(staff.owner).get(LIST).content.decode()
    assert "贵宾" not in signed_in(staff.outsider).get(LIST).content.decode()
    assert signed_in(staff.service).get(LIST).status_code == 403


def test_it_is_exported_as_csv_and_for_excel(staff: Cast) -> None:
    renamed(staff, "老客", "贵宾")
    client, address = signed_in(staff.auditor), reverse("admin:staff_audit_export")
    text = b"".join(client.get(address).streaming_content).decode()  # type: ignore[attr-defined]
    assert "service" in text
    assert "贵宾" in text
    body = b"".join(client.get(f"{address}?as=xlsx").streaming_content)  # type: ignore[attr-defined]
    rows = list(load_workbook(io.BytesIO(body)).worksheets[0].values)
    assert any("贵宾" in str(cell) for row in rows for cell in row)
    assert AuditEntry.objects.filter(user=staff.auditor).count() == 2


def test_the_history_of_a_row_is_read_from_it(staff: Cast) -> None:
    tag = renamed(staff, "老客", "贵宾")
    page = signed_in(staff.service).get(reverse("admin:followers_tag_history", args=(tag.pk,)))
    assert "老客 → 贵宾" in page.content.decode()
