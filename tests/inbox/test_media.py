from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from tests.platform import Platform
from tests.sdk.platform import APPID, Reply, answer, serving
from tests.sdk.platform import Platform as Api
from tests.working import react_to_due
from wechat.inbox import handlers, media, routing
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.kernel import work
from wechat.sdk.messages import Image, Video, Voice

pytestmark = pytest.mark.django_db(transaction=True)

State = InboundMedia.State
GET = "/cgi-bin/media/get"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
AMR = b"#!AMR\n" + bytes(100)
MP4 = b"\0\0\0\x18ftypmp42" + bytes(100)
HTML = b"<script>alert(1)</script>"
IMAGE = "<PicUrl>http://mmbiz.qpic.cn/1</PicUrl><MediaId><![CDATA[m1]]></MediaId>"
VIDEO = "<MediaId><![CDATA[v1]]></MediaId><ThumbMediaId><![CDATA[t1]]></ThumbMediaId>"

Recorded = Callable[..., InboundMessage]


@pytest.fixture(autouse=True)
def _only_media_react() -> Iterator[None]:
    with routing.replaced():
        routing.reacts(Image, Voice, Video)(handlers.keep_media)
        yield


@pytest.fixture
def wechat(settings: Settings, account: OfficialAccount, tmp_path: Path) -> Iterator[Api]:
    account.appid = APPID
    account.save()
    settings.MEDIA_ROOT = tmp_path
    api = Api()
    with serving(api) as settings.WECHAT_API_BASE:
        yield api


@pytest.fixture
def sent(account: OfficialAccount, platform: Platform) -> Callable[..., InboundMessage]:
    """A follower's message, recorded and handled."""

    def send(kind: str = "image", inner: str = IMAGE) -> InboundMessage:
        body, now = platform.message("oA", kind, inner), timezone.now()
        row = InboundMessage(account=account, openid="oA", kind=kind, body=body, due_at=now)
        row.key, row.sent_at, row.received_at = row.message.key, now, now
        row.save()
        react_to_due()
        return row

    return send


def files(body: bytes, kind: str) -> Callable[[object], Reply]:
    return lambda request: Reply(body, kind)


def become_due() -> None:
    InboundMedia.objects.update(due_at=timezone.now())


def test_a_picture_is_fetched_once_and_kept(wechat: Api, sent: Recorded, tmp_path: Path) -> None:
    wechat.routes[GET] = files(PNG, "image/png")
    row = sent()
    InboundMessage.objects.update(due_at=timezone.now())
    react_to_due()
    assert (work.run("inbox.fetch_media"), work.run("inbox.fetch_media")) == (1, 0)
    kept = row.media.get()
    assert (kept.state, kept.kind, kept.content_type, kept.size) == (State.FETCHED, "image", "image/png", 108)
    assert (tmp_path / str(kept.file.name)).read_bytes() == PNG


def test_the_id_of_a_picture_may_have_any_length(wechat: Api, sent: Recorded) -> None:
    wechat.routes[GET] = files(PNG, "image/png")
    row = sent(inner=f"<MediaId>{'m' * 600}</MediaId>")
    work.run("inbox.fetch_media")
    row.refresh_from_db()
    assert (row.error, InboundMedia.objects.get().state) == ("", State.FETCHED)


def test_a_video_is_fetched_from_the_address_it_names_and_with_its_still(
    wechat: Api, sent: Recorded, settings: Settings
) -> None:
    address = f"{settings.WECHAT_API_BASE}/video"
    still = Reply(b"\xff\xd8\xff" + bytes(50), "image/jpeg")
    wechat.routes[GET] = lambda request: (
        answer(video_url=f"{address}?access_token={wechat.current}")
        if request.query["media_id"] == "v1"
        else still
    )
    wechat.routes["/video"] = files(MP4, "video/mp4")
    row = sent("video", VIDEO)
    work.run("inbox.fetch_media")
    kept = {one.kind: (one.state, one.content_type) for one in row.media.all()}
    assert kept == {"video": (State.FETCHED, "video/mp4"), "thumb": (State.FETCHED, "image/jpeg")}


def test_a_video_that_has_moved_is_followed(wechat: Api, sent: Recorded, settings: Settings) -> None:
    wechat.routes[GET] = lambda request: answer(video_url=f"{settings.WECHAT_API_BASE}/old")
    wechat.open_routes["/old"] = lambda request: Reply(b"", status=302, headers={"Location": "/new"})
    wechat.open_routes["/new"] = files(MP4, "video/mp4")
    row = sent()
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FETCHED


@pytest.mark.parametrize("moved", [False, True])
def test_a_video_is_not_fetched_from_our_own_house(
    wechat: Api, sent: Recorded, settings: Settings, moved: bool
) -> None:
    house = Api()
    house.open_routes["/video"] = files(MP4, "video/mp4")
    with serving(house) as inside:
        to_the_house = Reply(b"", status=302, headers={"Location": f"{inside}/video"})
        wechat.open_routes["/old"] = lambda request: to_the_house
        address = f"{settings.WECHAT_API_BASE}/old" if moved else f"{inside}/video"
        wechat.routes[GET] = lambda request: answer(video_url=address)
        row = sent()
        work.run("inbox.fetch_media")
    assert house.requests == []
    assert row.media.get().state == State.PENDING


def test_a_video_that_goes_round_in_circles_is_left(wechat: Api, sent: Recorded, settings: Settings) -> None:
    wechat.routes[GET] = lambda request: answer(video_url=f"{settings.WECHAT_API_BASE}/a")
    wechat.open_routes["/a"] = lambda request: Reply(b"", status=302, headers={"Location": "/a"})
    row = sent()
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.PENDING
    assert wechat.calls()["/a"] == 6


@pytest.mark.parametrize("address", ["file:///etc/passwd", "", 5, None])
def test_an_address_that_is_none_is_not_followed(wechat: Api, sent: Recorded, address: object) -> None:
    wechat.routes[GET] = lambda request: answer(video_url=address)
    row = sent()
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FAILED


def test_what_the_platform_no_longer_has_is_not_asked_for_again(wechat: Api, sent: Recorded) -> None:
    wechat.routes[GET] = lambda request: answer(errcode=40007, errmsg="invalid media_id")
    row = sent()
    work.run("inbox.fetch_media")
    kept = row.media.get()
    assert (kept.state, kept.due_at, bool(kept.file)) == (State.FAILED, None, False)


def test_a_lost_answer_is_asked_for_again_until_the_platform_forgets(wechat: Api, sent: Recorded) -> None:
    wechat.routes[GET] = lambda request: Reply(b"", status=0)
    row = sent()
    work.run("inbox.fetch_media")
    kept = row.media.get()
    assert (kept.state, kept.attempts) == (State.PENDING, 1)
    become_due()
    wechat.routes[GET] = files(PNG, "image/png")
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FETCHED


@pytest.mark.parametrize(
    ("surprise", "attempts"), [(OperationalError("the connection is lost"), 0), (KeyError("media"), 1)]
)
def test_what_goes_wrong_on_our_own_side_gives_no_file_up(
    wechat: Api, sent: Recorded, monkeypatch: pytest.MonkeyPatch, surprise: Exception, attempts: int
) -> None:
    def fail(*_asked: object) -> None:
        raise surprise

    row = sent()
    with monkeypatch.context() as broken:
        broken.setattr(media, "get_temporary", fail)
        work.run("inbox.fetch_media")
    kept = row.media.get()
    assert (kept.state, kept.attempts) == (State.PENDING, attempts)
    become_due()
    wechat.routes[GET] = files(PNG, "image/png")
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FETCHED


def test_after_three_days_nobody_tries_any_longer(wechat: Api, sent: Recorded) -> None:
    wechat.routes[GET] = lambda request: Reply(b"", status=0)
    row = sent()
    InboundMessage.objects.update(sent_at=timezone.now() - timedelta(days=4))
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FAILED


def test_a_file_that_is_too_large_is_not_kept(
    wechat: Api, sent: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LARGEST", 50)
    wechat.routes[GET] = files(PNG, "image/png")
    row = sent()
    work.run("inbox.fetch_media")
    assert row.media.get().state == State.FAILED


# --- shown by permission


def staff(account: OfficialAccount, role: str) -> Client:
    user = User.objects.create_user(role or "nobody", password="x", is_staff=True)
    if role:
        StaffRight.objects.create(user=user, account=account, role=role)
    client = Client()
    client.force_login(user)
    return client


def fetched(wechat: Api, sent: Recorded, body: bytes, claimed: str) -> str:
    wechat.routes[GET] = files(body, claimed)
    row = sent()
    work.run("inbox.fetch_media")
    return f"/admin/media/{row.media.get().pk}/"


def test_staff_with_a_right_to_the_messages_see_it(
    wechat: Api, sent: Recorded, account: OfficialAccount
) -> None:
    address = fetched(wechat, sent, PNG, "image/png")
    response = staff(account, "service").get(address)
    assert b"".join(response.streaming_content) == PNG  # type: ignore[attr-defined]  # a file's response
    assert response["Content-Type"] == "image/png"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith("inline")


@pytest.mark.parametrize("role", ["finance", ""])
def test_staff_without_that_right_find_nothing(
    wechat: Api, sent: Recorded, account: OfficialAccount, role: str
) -> None:
    address = fetched(wechat, sent, PNG, "image/png")
    assert staff(account, role).get(address).status_code == 404


def test_a_stranger_is_asked_to_sign_in(wechat: Api, sent: Recorded, client: Client) -> None:
    address = fetched(wechat, sent, PNG, "image/png")
    assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    ("body", "claimed"), [(HTML, "image/svg+xml"), (HTML, "image/png"), (AMR, "audio/amr")]
)
def test_what_a_browser_must_not_run_or_cannot_play_is_a_download(
    wechat: Api, sent: Recorded, account: OfficialAccount, body: bytes, claimed: str
) -> None:
    address = fetched(wechat, sent, body, claimed)
    response = staff(account, "service").get(address)
    response.close()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
