"""The page of a mini program is put right where that is safe, and refused in words where it is not."""

from typing import Any

import pytest
from django.test import Client

from accounts.official.models import OfficialAccount
from tests.cast import Cast
from wechat.desk.models import CannedAnswer
from wechat.materials.models import Asset

pytestmark = pytest.mark.django_db

ADD = "/admin/desk/cannedanswer/add/"
APPID = "wx3c5e7a9b1d2f4068"


@pytest.fixture
def cover(account: OfficialAccount) -> Asset:
    return Asset.objects.create(
        account=account, kind="thumb", name="封面", content_type="image/jpeg", size=1, state="uploaded",
        media_id="T1",
    )  # fmt: skip


def add(desk: Client, cover: Asset, path: str, **given: Any) -> Any:
    card = {
        "account": cover.account_id, "shortcut": "约课", "kind": "miniprogrampage", "title": "约课",
        "appid": APPID, "pagepath": path, "cover": cover.pk,
    }  # fmt: skip
    return desk.post(ADD, {**card, **given})


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" /pages/book/index ", "pages/book/index"),
        ("pages/book/index.html", "pages/book/index"),
        ("/pages/book/index.html?id=1&from=menu", "pages/book/index?id=1&from=menu"),
        ("pages／book／index？id＝1＆q=约课！", "pages/book/index?id=1&q=约课！"),
        ("pages/web/web?url=https%3A%2F%2Fa.cn%2Fb.html", "pages/web/web?url=https%3A%2F%2Fa.cn%2Fb.html"),
        ("pages/web/web?url=https://a.cn/b.html", "pages/web/web?url=https://a.cn/b.html"),
        ("pages/book/index?name={remark|dear friend}", "pages/book/index?name={remark|dear friend}"),
    ],
)
def test_what_is_meant_is_stored(desk: Client, cover: Asset, typed: str, stored: str) -> None:
    assert add(desk, cover, typed).status_code == 302
    assert CannedAnswer.objects.get().content["pagepath"] == stored


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("https://shop.example.com/pages/book/index", "不是小程序的页面路径"),
        ("#小程序://约课/AbCdEf", "不是小程序的页面路径"),
        ("pages/book index", "不能有空格"),
    ],
)
def test_what_is_no_page_is_refused_in_words(desk: Client, cover: Asset, typed: str, words: str) -> None:
    refused = add(desk, cover, typed)
    assert refused.status_code == 200
    assert words in refused.content.decode()
    assert not CannedAnswer.objects.exists()


def test_what_stands_in_the_field_of_another_kind_hinders_nobody(desk: Client, cover: Asset) -> None:
    assert add(desk, cover, "https://a.cn", kind="text", text="您好").status_code == 302
    assert CannedAnswer.objects.get().content == {"type": "text", "content": "您好"}


def test_a_card_that_becomes_a_text_loses_its_cover(desk: Client, cover: Asset) -> None:
    add(desk, cover, "pages/book/index")
    answer = CannedAnswer.objects.get()
    given = {
        "account": cover.account_id,
        "shortcut": "约课",
        "kind": "text",
        "text": "您好",
        "cover": cover.pk,
    }
    assert desk.post(f"/admin/desk/cannedanswer/{answer.pk}/change/", given).status_code == 302
    answer.refresh_from_db()
    assert (answer.cover, answer.content["type"]) == (None, "text")


def test_the_pages_in_use_in_the_account_are_suggested(desk: Client, staff: Cast, cover: Asset) -> None:
    add(desk, cover, "pages/book/index?id=1")
    CannedAnswer.objects.create(
        account=staff.theirs, shortcut="x",
        content={"type": "miniprogrampage", "appid": APPID, "pagepath": "pages/theirs", "title": "x"},
    )  # fmt: skip
    page = desk.get(ADD).content.decode()
    assert f'<option value="pages/book/index?id=1" data-appid="{APPID}">' in page
    assert "pages/theirs" not in page
