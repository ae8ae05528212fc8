"""Voices of followers, which WeChat sends in AMR, play where they are read."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.cast import Cast, message
from wechat.desk import threads
from wechat.inbox.models import InboundMedia
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
OPENID = "oVoice00000000000000000001"
# Two seconds at 12.2 kbit/s: a frame of 32 bytes every 20 ms.
VOICE = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 100
SECONDS = "(audio) => audio.duration"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def receive_voice(account: OfficialAccount, body: bytes = VOICE) -> None:
    """A voice of a follower that was fetched from the platform, waiting at the desk."""
    row = message(
        account, kind="voice", openid=OPENID,
        body=f"<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>{OPENID}</FromUserName>"
        "<CreateTime>1764000000</CreateTime><MsgType>voice</MsgType><MediaId><![CDATA[v1]]></MediaId>"
        "<Format><![CDATA[amr]]></Format><MsgId>1</MsgId></xml>",
    )  # fmt: skip
    media = InboundMedia(message=row, media_id="v1", kind="voice", state="fetched", content_type="audio/amr")
    media.file.save("voice.amr", ContentFile(body), save=False)
    media.save()
    threads.note_message(row)


def played(page: Page) -> Locator:
    page.get_by_role("button", name="播放语音").click()
    audio = page.locator("audio")
    expect(audio).to_be_visible()
    page.wait_for_function("() => document.querySelector('audio').duration > 0")
    return audio


def test_a_voice_plays_at_the_desk_and_goes_on_when_somebody_writes(sign_in: SignIn, staff: Cast) -> None:
    receive_voice(staff.ours)
    page = sign_in(staff.service)
    page.goto("/admin/desk/thread/")
    page.locator(".desk-line").first.click()
    audio = played(page)
    assert audio.evaluate(SECONDS) == pytest.approx(2.0)
    threads.note_message(message(staff.ours, "听到了吗", openid=OPENID))
    expect(page.get_by_role("log")).to_contain_text("听到了吗")
    expect(page.locator("audio")).to_be_visible()
    expect(page.get_by_role("button", name="播放语音")).to_have_count(0)


def test_a_voice_plays_in_the_conversation_of_the_message_log(sign_in: SignIn, staff: Cast) -> None:
    receive_voice(staff.ours)
    page = sign_in(staff.service)
    page.goto(f"/admin/inbox/inboundmessage/conversation/{staff.ours.pk}/{OPENID}/")
    assert played(page).evaluate(SECONDS) == pytest.approx(2.0)
    expect(page.get_by_role("link", name="下载")).to_be_visible()


def test_a_voice_of_the_media_library_plays_too(sign_in: SignIn, staff: Cast) -> None:
    asset = Asset(
        account=staff.ours, name="问候", kind="voice", content_type="audio/amr", size=1, due_at=timezone.now()
    )
    asset.file.save("hello.amr", ContentFile(VOICE), save=False)
    asset.save()
    page = sign_in(staff.editor)
    page.goto(f"/admin/materials/asset/{asset.pk}/change/")
    assert played(page).evaluate(SECONDS) == pytest.approx(2.0)


def test_what_is_no_amr_is_said_and_can_be_downloaded(
    sign_in: SignIn, staff: Cast, faults: list[str]
) -> None:
    receive_voice(staff.ours, b"#!AMR-WB\n" + bytes(100))
    page = sign_in(staff.service)
    page.goto(f"/admin/inbox/inboundmessage/conversation/{staff.ours.pk}/{OPENID}/")
    page.get_by_role("button", name="播放语音").click()
    expect(page.get_by_text("无法在这里播放，请下载。")).to_be_visible()
    expect(page.get_by_role("link", name="下载")).to_be_visible()
    # The decoder tells the console of the browser, too.
    faults.clear()
