"""Channels as staff make them: welcomes of two kinds, and a code dragged to its place on a poster."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from PIL import Image
from playwright.sync_api import Page, expect
from pytest_django import Settings

from tests.cast import Cast
from wechat.channels.models import Channel, Code, Poster, Welcome

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/channels/channel/"
POSTERS = "/admin/channels/poster/"
URL = "http://weixin.qq.com/q/02demoTicket"


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def add(page: Page, group: str, prefix: str, text: str) -> None:
    page.locator(f"#{group}-group").get_by_role("link", name=re.compile("添加")).click()
    page.locator(f"#id_{prefix}-0-text").fill(text)


def test_a_channel_is_made_with_a_welcome_for_each_kind_of_follower(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("春季展会")
    expect(page.locator("#id_days")).to_be_hidden()
    page.locator("#id_lifetime").select_option("temporary")
    expect(page.locator("#id_days")).to_be_visible()
    add(page, "welcomes", "welcomes", "欢迎来到春季展会")
    add(page, "welcomes-2", "welcomes-2", "又见面了")
    page.get_by_role("button", name="保存并继续编辑").click()
    expect(page.get_by_label("新粉丝", exact=True)).to_contain_text("欢迎来到春季展会")
    expect(page.get_by_label("老粉丝", exact=True)).to_contain_text("又见面了")
    expect(page.get_by_text("二维码生成中")).to_be_visible()
    kept = Welcome.objects.order_by("audience").values_list("audience", "content__content")
    assert list(kept) == [("existing", "又见面了"), ("new", "欢迎来到春季展会")]


def test_a_code_is_dragged_to_its_place_on_a_poster(sign_in: SignIn, staff: Cast, tmp_path: Path) -> None:
    channel = Channel.objects.create(account=staff.ours, name="一号店")
    Code.objects.create(channel=channel, state="ready", ticket="gQ==", url=URL, due_at=None)
    Image.new("RGB", (560, 800), "#07c160").save(tmp_path / "a.png")
    page = sign_in(staff.editor)
    page.goto(f"{POSTERS}add/")
    page.locator("#id_name").fill("易拉宝")
    page.locator("#id_background").set_input_files(tmp_path / "a.png")
    page.get_by_role("button", name="保存", exact=True).click()
    code = page.get_by_label("二维码位置")
    expect(code).to_be_visible()
    before = Poster.objects.get()
    drag(page, before.top - 300)
    code.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_text("已修改").first).to_be_visible()
    after = Poster.objects.get()
    assert (after.left, after.size) == (before.left + 10, before.size)
    assert abs(after.top - 300) <= 2
    page.goto(f"{LIST}{channel.pk}/change/")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="易拉宝").click()
    drawn = Image.open(io.BytesIO(Path(downloading.value.path()).read_bytes()))
    assert drawn.getpixel((after.left + 1, after.top + 1)) == (255, 255, 255)
    assert drawn.getpixel((after.left - 1, after.top + 1)) == (7, 193, 96)


def drag(page: Page, pixels_up: int) -> None:
    """Takes the code at its middle and moves it up by so many pixels of the picture."""
    page.set_viewport_size({"width": 1280, "height": 1400})
    box = page.get_by_label("二维码位置").bounding_box()
    picture = page.locator("#poster-editor img").bounding_box()
    assert box is not None
    assert picture is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - pixels_up * picture["height"] / 800, steps=4)
    page.mouse.up()


def test_a_code_never_leaves_the_picture(sign_in: SignIn, staff: Cast, tmp_path: Path) -> None:
    Image.new("RGB", (560, 800), "#07c160").save(tmp_path / "a.png")
    page = sign_in(staff.editor)
    page.goto(f"{POSTERS}add/")
    page.locator("#id_name").fill("易拉宝")
    page.locator("#id_background").set_input_files(tmp_path / "a.png")
    page.get_by_role("button", name="保存", exact=True).click()
    drag(page, 5000)
    expect(page.locator("#id_top")).to_have_value("0")
