"""Tests of the names of people for staff: a remark, a given name, or a permanent handle; never an OpenID."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.followers import erasing, people
from accounts.followers.handles import digits, digits_of, handle
from accounts.followers.models import Follower, GivenName
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from wechat.channels.models import Channel

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"
LOG = "/admin/inbox/inboundmessage/"
LIST = "/admin/followers/follower/"


def words(html: str) -> str:
    """Returns what is read on a page: the text between its tags."""
    body = re.sub(r"(?s)<(script|style)\b.*?</\1>", "", html[html.index("<body") :])
    return re.sub(r"<[^>]*>", " ", body)


def test_a_stranger_has_the_same_handle_everywhere_and_the_openid_is_nowhere(staff: Cast) -> None:
    message(staff.ours, "有人吗")
    Follower.objects.create(account=staff.ours, openid=OPENID)
    for address in (LOG, LIST, "/admin/", reverse("admin:inbox_conversation", args=[staff.ours.pk, OPENID])):
        shown = words(signed_in(staff.service).get(address).content.decode())
        assert f"粉丝 {handle(OPENID)}" in shown, address
        assert OPENID not in shown, address


@pytest.mark.parametrize(
    ("known", "name"),
    [
        ({"remark": "老王"}, "老王"),
        ({"nickname": "小雷"}, "小雷"),
        ({"remark": "老王", "nickname": "小雷"}, "老王"),
        ({}, "李雷"),
    ],
)
def test_a_remark_comes_before_a_name_they_gave(staff: Cast, known: Mapping[str, Any], name: str) -> None:
    message(staff.ours, "在吗")
    Follower.objects.create(account=staff.ours, openid=OPENID, **known)
    people.give_name(staff.ours.pk, OPENID, " 李雷 ")
    assert f">{name}</a>" in signed_in(staff.service).get(LOG).content.decode()


def test_a_name_is_of_one_account_alone(staff: Cast) -> None:
    people.give_name(staff.theirs.pk, OPENID, "李雷")
    assert people.one(staff.ours.pk, OPENID).name == f"粉丝 {handle(OPENID)}"


def test_a_name_is_written_as_text_wherever_it_stands(staff: Cast) -> None:
    message(staff.ours, "在吗")
    people.give_name(staff.ours.pk, OPENID, "<b>李</b>")
    html = signed_in(staff.service).get(LOG).content.decode()
    assert "<b>李</b>" not in html
    assert "&lt;b&gt;李&lt;/b&gt;" in html


def test_erasing_a_person_takes_the_name_they_gave(staff: Cast) -> None:
    follower = Follower.objects.create(account=staff.ours, openid=OPENID)
    people.give_name(staff.ours.pk, OPENID, "李雷")
    erasing.erase(follower)
    assert not GivenName.objects.exists()


def test_where_they_came_from_is_said_by_the_name_of_the_channel(staff: Cast) -> None:
    channel = Channel.objects.create(account=staff.ours, name="天河店前台")
    scenes = {"a": channel.scene, "b": "ch_abcdefghijkm", "c": "login_0011", "d": "fair-7"}
    for openid, scene in scenes.items():
        Follower.objects.create(
            account=staff.ours, openid=openid, qr_scene_str=scene, subscribe_scene="ADD_SCENE_QR_CODE"
        )
    Follower.objects.create(account=staff.ours, openid="e", subscribe_scene="ADD_SCENE_SEARCH")
    found = people.of(staff.ours.pk, "abcde")
    assert [found[openid].came_by for openid in "abcde"] == [
        "天河店前台", "已删除的渠道", "电脑扫码登录", "别处生成的二维码“fair-7”", "搜索公众号",
    ]  # fmt: skip
    shown = words(signed_in(staff.service).get(LIST).content.decode())
    assert "天河店前台" in shown
    assert not re.search(r"\bch_", shown)


def test_a_page_asks_for_all_its_people_at_once(account: OfficialAccount) -> None:
    def asked(openids: list[str]) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert len(people.of(account.pk, openids)) == len(openids)
        return len(queries)

    channel = Channel.objects.create(account=account, name="前台")
    many = [f"o{number}" for number in range(50)]
    for openid in many[:40]:
        Follower.objects.create(account=account, openid=openid, qr_scene_str=channel.scene)
    assert asked(many[:1]) == asked(many) == 2


def test_a_handle_is_found_again_by_what_staff_read() -> None:
    for number in range(200):
        written = handle(f"o{number}")
        assert digits_of(written) == digits_of(written.lower()) == digits(f"o{number}")
    assert digits_of("老王") == digits_of("7F3") == digits_of("7F3U") == ""


@pytest.mark.parametrize("typed", ["老王", "小雷", "李雷", OPENID, handle(OPENID), f"粉丝 {handle(OPENID)}"])
def test_a_follower_is_found_by_whatever_staff_know_of_them(staff: Cast, typed: str) -> None:
    Follower.objects.create(account=staff.ours, openid="oOther", remark="别人")
    Follower.objects.create(account=staff.theirs, openid=OPENID, remark="老王")
    Follower.objects.create(account=staff.ours, openid=OPENID, remark="老王", nickname="小雷")
    people.give_name(staff.ours.pk, OPENID, "李雷")
    html = signed_in(staff.service).get(LIST, {"q": typed}).content.decode()
    assert "老王" in html
    assert "别人" not in html
