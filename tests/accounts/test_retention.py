"""Files and logs are kept as long as the settings say, and then deleted by a worker."""

import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.followers.models import BulkJob
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.kernel import retention, work
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)

OLD = datetime.timedelta(days=31)


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.RETENTION_DAYS = {**dict.fromkeys(settings.RETENTION_DAYS, 30), "messages": 0}


def job(account: OfficialAccount, **fields: Any) -> BulkJob:
    made = BulkJob.objects.create(
        account=account, kind="export", **{"state": "done", "due_at": None, **fields}
    )
    made.result.save("out.csv", ContentFile(b"a"))
    made.source.save("in.csv", ContentFile(b"b"))
    return made


def picture(account: OfficialAccount, **fields: Any) -> InboundMedia:
    made = InboundMedia(message=message(account, kind="image"), media_id="m", kind="image", state="fetched")
    made.file.save("a.png", ContentFile(b"c"), save=False)
    made.save()
    return made


def delivery(account: OfficialAccount, key: str, **fields: Any) -> Delivery:
    endpoint, _made = Endpoint.objects.get_or_create(account=account, url="https://example.com/")
    return Delivery.objects.create(
        endpoint=endpoint, account=account, event="follower.tagged", key=key, body="{}", **fields
    )


def files(folder: str) -> int:
    return sum(path.is_file() for path in Path(folder).rglob("*"))


def test_what_is_older_than_the_settings_say_is_deleted_with_its_files(
    account: OfficialAccount, settings: Settings
) -> None:
    asked = job(account)
    picture(account)
    sent, waiting = delivery(account, "1", state="delivered"), delivery(account, "2", due_at=timezone.now())
    with time_machine.travel(timezone.now() + OLD):
        work.run("kernel.forget_old")
        assert not work.KINDS.get("kernel.forget_old").is_due()
    asked.refresh_from_db()
    assert (asked.state, asked.result.name, asked.source.name) == ("done", "", "")
    assert not InboundMedia.objects.exists()
    assert list(Delivery.objects.all()) == [waiting]
    assert sent.pk != waiting.pk
    assert files(settings.MEDIA_ROOT) == 0


def test_a_file_that_cannot_be_deleted_keeps_nothing_else_from_it(
    account: OfficialAccount, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    stuck = Path(picture(account).file.path)
    stuck.unlink()
    (stuck / "inside").mkdir(parents=True)
    delivery(account, "1", state="delivered")
    with time_machine.travel(timezone.now() + OLD):
        work.run("kernel.forget_old")
    assert not Delivery.objects.exists()
    assert "not_forgotten" in {record.msg for record in caplog.records}


def test_a_message_that_is_still_to_be_worked_on_stays_and_holds_up_no_other(
    account: OfficialAccount, settings: Settings
) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "messages": 30}
    waiting = message(account, "first", due_at=timezone.now())
    message(account, "second")
    with time_machine.travel(timezone.now() + OLD):
        assert work.KINDS.get("kernel.forget_old").is_due()
        work.run("kernel.forget_old")
    assert list(InboundMessage.objects.all()) == [waiting]


def test_messages_whose_time_is_in_the_future_by_a_wrong_clock_go_with_those_that_came_after_them(
    account: OfficialAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "messages": 30}
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(3):
        message(account, "wrong clock", received_at=timezone.now() + 12 * OLD)
    for _ in range(9):
        message(account, "old")
    young = message(account, "young", received_at=timezone.now() + OLD)
    with time_machine.travel(timezone.now() + OLD):
        assert work.KINDS.get("kernel.forget_old").is_due()
        work.run("kernel.forget_old")
        assert not work.KINDS.get("kernel.forget_old").is_due()
    assert list(InboundMessage.objects.all()) == [young]


def test_what_is_younger_stays(account: OfficialAccount, settings: Settings) -> None:
    job(account)
    picture(account)
    delivery(account, "1", state="delivered")
    with time_machine.travel(timezone.now() + OLD - datetime.timedelta(days=2)):
        assert not work.KINDS.get("kernel.forget_old").is_due()
        work.run("kernel.forget_old")
    assert files(settings.MEDIA_ROOT) == 3
    assert Delivery.objects.exists()


def test_zero_days_are_for_ever(account: OfficialAccount, settings: Settings) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "media": 0}
    picture(account)
    with time_machine.travel(timezone.now() + 100 * OLD):
        work.run("kernel.forget_old")
    assert InboundMedia.objects.exists()


def test_the_file_of_a_job_that_is_under_way_stays(account: OfficialAccount) -> None:
    asked = job(account, state="running", due_at=timezone.now())
    with time_machine.travel(timezone.now() + OLD):
        work.run("kernel.forget_old")
    asked.refresh_from_db()
    assert asked.source.name


def test_a_page_tells_how_long_each_is_kept(staff: Cast, settings: Settings) -> None:
    settings.RETENTION_DAYS = {**settings.RETENTION_DAYS, "media": 365, "exports": 0}
    page = signed_in(staff.auditor).get(reverse("admin:staff_retention")).content.decode()
    assert "365 天" in page
    assert "永久" in page
    assert "Webhook 推送及其尝试记录" in page
    assert signed_in(staff.editor).get(reverse("admin:staff_retention")).status_code == 403
