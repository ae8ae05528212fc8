"""The pages about channels, as staff with different rights meet them."""

import datetime
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.channels.conftest import ChannelMaker
from wechat.channels.models import Channel, Code, Poster, Scan, Welcome

pytestmark = pytest.mark.django_db

LIST = "/admin/channels/channel/"
POSTERS = "/admin/channels/poster/"
URL = "http://weixin.qq.com/q/02demoTicket"
READY = {"state": "ready", "ticket": "gQ==", "url": URL, "due_at": None, "made_at": timezone.now()}


def form(**fields: Any) -> dict[str, Any]:
    """Returns what the page of a channel sends, without a welcome unless told otherwise."""
    empty = {
        f"{prefix}-{name}": 0
        for prefix in ("welcomes", "welcomes-2")
        for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    usual = {"name": "一号店", "lifetime": "permanent", "days": 30}
    usual |= {"new_strategy": "all", "existing_strategy": "all"}
    return {**empty, **usual, **fields}


def welcome_fields(prefix: str, *texts: str) -> dict[str, Any]:
    sent: dict[str, Any] = {f"{prefix}-TOTAL_FORMS": len(texts)}
    for number, text in enumerate(texts):
        sent |= {f"{prefix}-{number}-kind": "text", f"{prefix}-{number}-text": text}
        sent |= {f"{prefix}-{number}-position": 0}
    return sent


@pytest.fixture
def poster(staff: Cast, settings: Settings, tmp_path: Path) -> Callable[..., Poster]:
    """A plain background with the code in its middle."""
    settings.MEDIA_ROOT = tmp_path

    def make(**more: Any) -> Poster:
        picture = io.BytesIO()
        Image.new("RGB", (600, 800), "#07c160").save(picture, "PNG")
        file = SimpleUploadedFile("a.png", picture.getvalue())
        usual = {
            "account": staff.ours,
            "name": "易拉宝",
            "background": file,
            "left": 200,
            "top": 300,
            "size": 200,
        }
        return Poster.objects.create(**{**usual, **more})

    return make


def test_an_empty_list_says_what_to_do(staff: Cast) -> None:
    page = signed_in(staff.editor).get(LIST).content.decode()
    assert "还没有渠道" in page


def test_a_new_channel_gets_a_scene_nobody_typed_and_its_code_is_due(staff: Cast) -> None:
    sent = form(account=staff.ours.pk, cost_yuan="12.5", scene="typed", **welcome_fields("welcomes", "欢迎"))
    sent |= welcome_fields("welcomes-2", "你好", "再见")
    answer = signed_in(staff.editor).post(f"{LIST}add/", sent)
    assert answer.status_code == 302
    made = Channel.objects.get()
    assert (made.name, made.cost, made.account) == ("一号店", 1250, staff.ours)
    assert made.scene.startswith("ch_")
    assert made.code.state == Code.State.WAITING
    kept = Welcome.objects.order_by("audience", "position").values_list(
        "audience", "position", "content__content"
    )
    assert list(kept) == [("existing", 0, "你好"), ("existing", 1, "再见"), ("new", 0, "欢迎")]


def test_a_welcome_that_cannot_be_sent_is_refused_and_nothing_is_lost(staff: Cast) -> None:
    sent = form(account=staff.ours.pk, **welcome_fields("welcomes", *"一二三四五六七"))
    page = signed_in(staff.editor).post(f"{LIST}add/", sent)
    assert page.status_code == 200
    assert not Channel.objects.exists()
    assert "一号店" in page.content.decode()


@pytest.mark.parametrize("cost", ["１，２００。５０元", "¥1,200.5", " 1200.50 "])
def test_a_cost_is_read_as_people_type_it(staff: Cast, cost: str) -> None:
    signed_in(staff.editor).post(f"{LIST}add/", form(account=staff.ours.pk, cost_yuan=cost))
    made = Channel.objects.get()
    assert made.cost == 120_050
    page = signed_in(staff.editor).get(f"{LIST}{made.pk}/change/").content.decode()
    assert 'name="cost_yuan" value="1200.50"' in page


@pytest.mark.parametrize("cost", ["-1", "1.234", "abc", "999999999999"])
def test_a_cost_that_is_no_amount_is_refused(staff: Cast, cost: str) -> None:
    signed_in(staff.editor).post(f"{LIST}add/", form(account=staff.ours.pk, cost_yuan=cost))
    assert not Channel.objects.exists()


def test_a_second_channel_of_the_same_name_is_refused(staff: Cast, channel: ChannelMaker) -> None:
    channel("一号店")
    page = signed_in(staff.editor).post(f"{LIST}add/", form(account=staff.ours.pk))
    assert "已有同名渠道" in page.content.decode()


def test_only_staff_of_the_account_can_be_responsible(staff: Cast) -> None:
    client = signed_in(staff.editor)
    client.post(f"{LIST}add/", form(account=staff.ours.pk, owner=staff.outsider.pk))
    assert not Channel.objects.exists()
    client.post(f"{LIST}add/", form(account=staff.ours.pk, owner=staff.editor.pk))
    assert Channel.objects.get().owner == staff.editor


def test_the_list_tells_scans_of_today_and_ever(staff: Cast, channel: ChannelMaker) -> None:
    shop = channel(code=READY)
    now = timezone.now()
    for at, kind in ((now, "new"), (now - datetime.timedelta(days=3), "existing")):
        Scan.objects.create(account=shop.account, channel=shop, openid="oA", kind=kind, at=at)
    page = signed_in(staff.auditor).get(LIST)
    (row,) = page.context["cl"].result_list
    assert row.counted == {"ever": 2, "new": 1, "today": 1}


def test_the_list_asks_as_often_for_many_channels_as_for_one(
    staff: Cast, channel: ChannelMaker, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        channel(f"渠道{number}", code=READY)
    client = signed_in(staff.auditor)
    client.get(LIST)
    with django_assert_max_num_queries(12):
        client.get(LIST)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=越秀", {"一号店"}),
        ("group=展会", {"展台"}),
        ("state=failed", {"展台"}),
        ("lifetime=temporary", {"展台"}),
    ],
)
def test_the_list_is_narrowed(staff: Cast, channel: ChannelMaker, query: str, found: set[str]) -> None:
    channel("一号店", place="越秀区", code=READY)
    channel("展台", group="展会", lifetime="temporary", code={"state": "failed", "due_at": None})
    page = signed_in(staff.auditor).get(f"{LIST}?{query}")
    assert {each.name for each in page.context["cl"].result_list} == found


def test_a_channel_that_was_scanned_cannot_be_deleted(staff: Cast, channel: ChannelMaker) -> None:
    shop, unused = channel("一号店"), channel("没用过")
    Scan.objects.create(account=shop.account, channel=shop, openid="oA", kind="new", at=timezone.now())
    client = signed_in(staff.editor)
    assert client.post(f"{LIST}{shop.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{LIST}{unused.pk}/delete/", {"post": "yes"})
    assert list(Channel.objects.all()) == [shop]


def test_making_codes_anew_says_first_what_will_happen(staff: Cast, channel: ChannelMaker) -> None:
    working, failed = channel("一号店", code=READY), channel("坏了", code={"state": "failed", "due_at": None})
    client, address = signed_in(staff.editor), f"{LIST}make-again/"
    page = client.get(address, {"ids": f"{working.pk},{failed.pk}"})
    assert page.context["replaced"] == [working]
    assert Code.objects.filter(due_at__isnull=False).count() == 0
    client.post(address, {"ids": f"{working.pk},{failed.pk}"})
    assert {code.state for code in Code.objects.all()} == {"waiting"}
    assert AuditEntry.objects.count() == 2


def test_the_codes_files_say_which_code_they_are(staff: Cast, channel: ChannelMaker) -> None:
    shop = channel(code=READY)
    client = signed_in(staff.auditor)
    png, svg = (client.get(f"{LIST}{shop.pk}/code.{kind}").content for kind in ("png", "svg"))
    assert Image.open(io.BytesIO(png)).info["Description"] == URL
    assert URL.encode() in svg
    assert client.get(f"{LIST}{shop.pk}/picture/").content == png


def test_a_code_that_is_not_made_yet_has_no_file(staff: Cast, channel: ChannelMaker) -> None:
    shop = channel()
    client = signed_in(staff.auditor)
    for page in ("picture/", "code.png", "code.svg"):
        assert client.get(f"{LIST}{shop.pk}/{page}").status_code == 404
    assert client.get(f"{LIST}{shop.pk}/change/").status_code == 200


def test_the_code_is_put_on_the_poster_where_it_was_placed(
    staff: Cast, channel: ChannelMaker, poster: Callable[..., Poster]
) -> None:
    shop, chosen = channel(code=READY), poster()
    answer = signed_in(staff.auditor).get(f"{LIST}{shop.pk}/posters/{chosen.pk}/")
    drawn = Image.open(io.BytesIO(answer.content))
    assert drawn.size == (600, 800)
    green = (7, 193, 96)
    assert [drawn.getpixel(at) for at in ((199, 400), (400, 299), (401, 500))] == [green] * 3
    inside = drawn.crop((200, 300, 400, 500))
    assert {colour for _count, colour in inside.getcolors() or []} == {(0, 0, 0), (255, 255, 255)}
    assert "attachment" in answer["Content-Disposition"]


def test_a_poster_of_another_account_is_not_used(
    staff: Cast, channel: ChannelMaker, poster: Callable[..., Poster]
) -> None:
    shop, theirs = channel(code=READY), poster(account=staff.theirs)
    client = signed_in(staff.superuser)
    assert client.get(f"{LIST}{shop.pk}/posters/{theirs.pk}/").status_code == 404


def test_a_photo_on_its_side_is_kept_upright_and_without_what_it_carried(
    staff: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    picture, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "home address"
    Image.new("RGB", (800, 600)).save(picture, "JPEG", exif=exif)
    file = SimpleUploadedFile("a.jpg", picture.getvalue())
    signed_in(staff.editor).post(
        f"{POSTERS}add/", {"account": staff.ours.pk, "name": "海报", "background": file}
    )
    made = Poster.objects.get()
    assert (made.width, made.height) == (600, 800)
    assert made.left + made.size <= 600
    assert b"home address" not in Path(made.background.path).read_bytes()


def test_the_photo_of_a_telephone_with_a_further_picture_in_it_is_a_photo(
    staff: Cast, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    picture, photo = io.BytesIO(), Image.new("RGB", (600, 800), "#4488aa")
    photo.save(picture, "MPO", save_all=True, append_images=[photo.convert("L").convert("RGB")])
    sent = {
        "account": staff.ours.pk,
        "name": "海报",
        "background": SimpleUploadedFile("a.jpg", picture.getvalue()),
    }
    signed_in(staff.editor).post(f"{POSTERS}add/", sent)
    with Image.open(Poster.objects.get().background.path) as kept:
        assert (kept.format, kept.size, getattr(kept, "n_frames", 1)) == ("JPEG", (600, 800), 1)


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_picture_is_no_poster(
    staff: Cast, settings: Settings, tmp_path: Path, body: bytes
) -> None:
    settings.MEDIA_ROOT = tmp_path
    sent = {"account": staff.ours.pk, "name": "海报", "background": SimpleUploadedFile("a.png", body)}
    assert signed_in(staff.editor).post(f"{POSTERS}add/", sent).status_code == 200
    assert not Poster.objects.exists()


@pytest.mark.parametrize(("left", "top", "size"), [(401, 0, 200), (0, 601, 200), (0, 0, 601), (0, 0, 50)])
def test_a_code_outside_its_poster_or_too_small_is_refused(
    staff: Cast, poster: Callable[..., Poster], left: int, top: int, size: int
) -> None:
    made = poster()
    signed_in(staff.editor).post(
        f"{POSTERS}{made.pk}/change/", {"name": "海报", "left": left, "top": top, "size": size}
    )
    made.refresh_from_db()
    assert (made.left, made.top, made.size) == (200, 300, 200)


PAGES = ("{id}/change/", "{id}/picture/", "{id}/code.png", "{id}/code.svg", "{id}/report/")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("who", ["outsider", "nobody"])
def test_nothing_of_a_channel_is_shown_to_others(
    staff: Cast, channel: ChannelMaker, who: str, path: str
) -> None:
    shop = channel(code=READY)
    user: User = getattr(staff, who)
    assert signed_in(user).get(LIST + path.format(id=shop.pk)).status_code in (302, 403, 404)


@pytest.mark.parametrize("who", ["auditor", "service", "outsider", "nobody"])
def test_who_may_not_change_channels_makes_no_code_anew(staff: Cast, channel: ChannelMaker, who: str) -> None:
    shop = channel(code=READY)
    user: User = getattr(staff, who)
    assert signed_in(user).post(f"{LIST}make-again/", {"ids": shop.pk}).status_code in (302, 403)
    shop.code.refresh_from_db()
    assert shop.code.state == Code.State.READY
