"""A picture of one's own at the desk: checked, kept with the conversation, uploaded when it is sent."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import erasing
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.desk.conftest import OPENID, Wrote
from tests.desk.test_replying import act
from tests.sdk.platform import APPID, Platform, Reply, answer, serving
from tests.working import kept_running, send_due
from wechat.desk.models import Thread
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.materials.models import Asset
from wechat.pushes.models import ConversationPicture, Push

pytestmark = pytest.mark.django_db(transaction=True)

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
OTHER = b"\x89PNG\r\n\x1a\n" + bytes(101)
HEIC = b"\0\0\0\x18ftypheic" + bytes(100)
UPLOAD, SEND = "/cgi-bin/media/upload", "/cgi-bin/message/custom/send"


@pytest.fixture
def wechat(settings: Settings, account: OfficialAccount, tmp_path: Path) -> Iterator[Platform]:
    account.appid = APPID
    account.save()
    settings.MEDIA_ROOT = tmp_path
    api = Platform()
    api.routes[UPLOAD] = lambda request: answer(type="image", media_id="M1", created_at=1)
    api.routes[SEND] = lambda request: answer(errcode=0, errmsg="ok")
    with serving(api) as settings.WECHAT_API_BASE:
        yield api


def picture(body: bytes = PNG, name: str = "截图.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


def send(desk: Client, thread: Thread, action: str = "reply", **given: Any) -> Any:
    return act(desk, thread, action, **{"token": "a", "upload": picture(), **given})


def sent_to_follower(wechat: Platform) -> list[Any]:
    return [json.loads(each.body) for each in wechat.requests if each.path == SEND]


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def page_of(desk: Client) -> str:
    return desk.get(f"/admin/desk/thread/?who={OPENID}").content.decode()


def test_it_is_uploaded_when_it_is_sent_and_stands_in_the_conversation(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    assert send(desk, wrote()).status_code == 200
    assert wechat.calls()[UPLOAD] == 0
    send_due()
    *_refused, upload = (each for each in wechat.requests if each.path == UPLOAD)
    assert upload.query["type"] == "image"
    assert PNG in upload.body
    (message,) = sent_to_follower(wechat)
    assert message["image"] == {"media_id": "M1"}
    assert Push.objects.get().state == "sent"
    (address,) = set(re.findall(r'<img src="(/admin/pushes/push/pictures/\d+/)"', page_of(desk)))
    shown: Any = desk.get(address)
    assert b"".join(shown) == PNG
    shown.close()
    assert shown["Content-Type"] == "image/png"


def test_it_is_not_in_the_library(desk: Client, wrote: Wrote, wechat: Platform) -> None:
    send(desk, wrote())
    assert not Asset.objects.exists()


def test_it_goes_before_the_text_that_is_written_after_it(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    send(desk, thread)
    act(desk, thread, "reply", text="如图", token="b")
    while send_due():
        pass
    assert [message["msgtype"] for message in sent_to_follower(wechat)] == ["image", "text"]


def test_a_used_up_quota_of_uploads_holds_no_text(
    desk: Client, staff: Cast, wrote: Wrote, wechat: Platform
) -> None:
    """Not even a text to the same follower, after the picture; the pictures follow when they can."""
    uploads, wechat.routes[UPLOAD] = wechat.routes[UPLOAD], lambda request: answer(errcode=45009)
    thread = wrote()
    send(desk, thread)
    send_due()
    send(desk, thread, token="b", upload=picture(OTHER))
    act(desk, thread, "reply", text="如图", token="c")
    while send_due():
        pass
    refused = wechat.calls()[UPLOAD]
    assert [message["msgtype"] for message in sent_to_follower(wechat)] == ["text"]
    first, second, _text = Push.objects.order_by("pk")
    assert (first.state, first.errcode, first.attempts, second.attempts) == ("pending", 45009, 0, 0)
    hold = Hold.objects.get()
    assert (hold.part, hold.cause) == ("upload", "quota")
    assert "上传会话图片" in signed_in(staff.owner).get("/admin/pushes/push/").content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=2), tick=False):
        assert (send_due(), wechat.calls()[UPLOAD]) == (2, refused), "they wait without a call"
    wechat.routes[UPLOAD] = uploads
    assert hold.until
    with time_machine.travel(hold.until + timedelta(minutes=2), tick=False) as clock:
        kept_running()
        send_due()
        clock.shift(timedelta(minutes=2))
        send_due()
    assert [message["msgtype"] for message in sent_to_follower(wechat)] == ["text", "image", "image"]
    assert not Hold.objects.exists()


def test_uploads_on_hold_go_on_at_once_by_hand(
    desk: Client, staff: Cast, wrote: Wrote, wechat: Platform
) -> None:
    uploads, wechat.routes[UPLOAD] = wechat.routes[UPLOAD], lambda request: answer(errcode=45009)
    send(desk, wrote())
    send_due()
    wechat.routes[UPLOAD] = uploads
    signed_in(staff.owner).post("/admin/pushes/push/go-on/", {"kind": "upload", "account": staff.ours.pk})
    with time_machine.travel(timezone.now() + timedelta(minutes=1, seconds=1), tick=False):
        send_due()
    assert [message["msgtype"] for message in sent_to_follower(wechat)] == ["image"]


def test_it_is_seen_only_by_whoever_may_read_the_messages(
    desk: Client, staff: Cast, wrote: Wrote, wechat: Platform
) -> None:
    send(desk, wrote())
    address = f"/admin/pushes/push/pictures/{ConversationPicture.objects.get().pk}/"
    shown = signed_in(staff.auditor).get(address)
    assert shown.status_code == 200
    shown.close()
    assert signed_in(staff.outsider).get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (HEIC, "PNG"),
        (b"", "空"),
        (b"\x89PNG\r\n\x1a\n" + bytes(10 * 1024 * 1024), "10.0 MB"),
        (b"%PDF-1", "PNG"),
    ],
)
def test_what_wechat_would_refuse_is_refused_at_once(
    desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path, body: bytes, words: str
) -> None:
    refused = send(desk, wrote(), upload=picture(body))
    assert refused.status_code == 422
    assert words in refused.json()["error"]
    assert not Push.objects.exists()
    assert not files(tmp_path)


def test_a_form_that_arrives_twice_is_one_message_with_one_picture(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    for _again in range(2):
        assert send(desk, thread).status_code == 200
    push = Push.objects.get()
    assert ConversationPicture.objects.filter(push=push).count() == 1
    while send_due():
        pass
    assert len(sent_to_follower(wechat)) == 1


def test_another_picture_in_a_form_that_was_sent_is_not_lost(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    send(desk, thread)
    refused = send(desk, thread, upload=picture(OTHER))
    assert refused.status_code == 422
    held = refused.json()["held"]
    seen = Push.objects.get().pk
    assert act(desk, thread, "reply", token="b", seen=seen, held=held).status_code == 200
    assert Push.objects.count() == 2
    assert ConversationPicture.objects.get(pk=held).push == Push.objects.latest("pk")


def test_of_two_who_reply_at_once_the_second_keeps_the_picture(
    desk: Client, staff: Cast, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    act(signed_in(staff.owner), thread, "reply", text="您好", token="x")
    refused = send(desk, thread, seen="0")
    assert refused.status_code == 422
    held, seen = refused.json()["held"], Push.objects.get().pk
    assert act(desk, thread, "reply", token="b", seen=seen, held=held).status_code == 200
    assert ConversationPicture.objects.get().push == Push.objects.latest("pk")


def test_a_picture_alone_leaves_the_text_to_be_sent(desk: Client, wrote: Wrote, wechat: Platform) -> None:
    thread = wrote()
    assert send(desk, thread, "picture", text="如图").status_code == 200
    assert Push.objects.get().content["type"] == "image"


def test_of_a_picture_and_a_text_at_once_none_is_lost(desk: Client, wrote: Wrote, wechat: Platform) -> None:
    refused = send(desk, wrote(), text="如图")
    assert (refused.status_code, "请依次发送" in refused.json()["error"]) == (422, True)
    assert ConversationPicture.objects.get(pk=refused.json()["held"]).push is None


def test_a_plain_form_that_is_refused_comes_back_with_its_picture(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    address = f"/admin/desk/thread/{thread.pk}/"
    given = {"do": "reply", "text": "如图", "token": "a", "box": "all", "newest": thread.newest_id}
    page: Any = desk.post(address, {**given, "upload": picture()}, follow=True)
    held = ConversationPicture.objects.get().pk
    for shown in ("请依次发送", "如图</textarea>", f'name="held" value="{held}"', f"pictures/{held}/"):
        assert shown in page.content.decode()
    page = desk.post(address, {**given, "do": "picture", "held": held}, follow=True)
    assert ConversationPicture.objects.get().push == Push.objects.get()
    assert "如图</textarea>" in page.content.decode()
    assert f'name="held" value="{held}"' not in page.content.decode()


def test_a_plain_form_takes_the_picture_off_and_keeps_the_text(
    desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path
) -> None:
    thread = wrote()
    held = send(desk, thread, text="如图").json()["held"]
    given = {"do": "take_off", "text": "如图", "held": held, "box": "all"}
    page: Any = desk.post(f"/admin/desk/thread/{thread.pk}/", given, follow=True)
    assert "如图</textarea>" in page.content.decode()
    assert not ConversationPicture.objects.exists()
    assert not files(tmp_path)


def test_another_followers_picture_cannot_be_sent(desk: Client, wrote: Wrote, wechat: Platform) -> None:
    held = send(desk, wrote(openid="oOther00000000000000000001"), text="如图").json()["held"]
    assert act(desk, wrote(), "picture", token="a", held=held).status_code == 422
    assert not Push.objects.exists()


def test_a_picture_that_was_sent_is_not_sent_with_a_second_message(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    thread = wrote()
    held = send(desk, thread, text="如图").json()["held"]
    assert act(desk, thread, "picture", token="b", held=held).status_code == 200
    seen = Push.objects.get().pk
    refused = act(desk, thread, "picture", token="c", held=held, seen=seen)
    assert (refused.status_code, Push.objects.count()) == (422, 1)
    assert ConversationPicture.objects.get().push_id == seen


def test_a_lost_answer_to_the_upload_leaves_nothing_uncertain(
    desk: Client, wrote: Wrote, wechat: Platform
) -> None:
    wechat.routes[UPLOAD] = lambda request: Reply(b"", status=0)
    send(desk, wrote())
    send_due()
    push = Push.objects.get()
    assert push.state == "pending"
    wechat.routes[UPLOAD] = lambda request: answer(type="image", media_id="M2", created_at=1)
    Push.objects.update(due_at=timezone.now())
    send_due()
    assert [message["image"]["media_id"] for message in sent_to_follower(wechat)] == ["M2"]


def test_a_picture_that_is_gone_says_so_and_is_chosen_again(
    desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path
) -> None:
    send(desk, wrote())
    for each in files(tmp_path):
        each.unlink()
    send_due()
    push = Push.objects.get()
    assert (push.state, push.reason) == ("failed", "no_file")
    assert "请重新选择" in page_of(desk)


def test_it_goes_when_the_files_of_followers_go(
    desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path, settings: Settings
) -> None:
    send(desk, wrote())
    send_due()
    days = settings.RETENTION_DAYS["media"]
    for age, number in ((days - 1, 1), (days + 1, 0)):
        ConversationPicture.objects.update(created_at=timezone.now() - timedelta(days=age))
        work.run("kernel.forget_old")
        assert len(files(tmp_path)) == ConversationPicture.objects.count() == number
    assert "图片" in page_of(desk)


def test_what_was_never_sent_goes_after_a_day(
    desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path
) -> None:
    send(desk, wrote(), text="如图")
    for age, number in ((20, 1), (25, 0)):
        ConversationPicture.objects.update(created_at=timezone.now() - timedelta(hours=age))
        work.run("kernel.forget_old")
        assert len(files(tmp_path)) == number


def test_it_goes_when_the_follower_is_erased(
    account: OfficialAccount, desk: Client, wrote: Wrote, wechat: Platform, tmp_path: Path
) -> None:
    follower = Follower.objects.create(account=account, openid=OPENID)
    send(desk, wrote())
    send(desk, wrote(), token="b", text="如图")
    assert any("2" in str(each.what) and "图片" in str(each.what) for each in erasing.holdings(follower))
    erasing.erase(follower)
    assert not ConversationPicture.objects.exists()
    assert not files(tmp_path)
    send_due()
    assert not sent_to_follower(wechat)
