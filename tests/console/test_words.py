"""Marks and codes of the machinery never reach staff: each is told in words."""

import re

import pytest
from django.urls import reverse

from accounts.followers.models import Follower
from menus.models import MiniProgram
from tests.cast import Cast, message, signed_in
from tests.console import world
from tests.console.world import openid_of
from wechat.channels.models import Channel
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"


def body(html: str) -> str:
    return re.sub(r"<[^>]*>", " ", html[html.index("<main" if "<main" in html else "<body") :])


def test_a_scan_is_told_by_the_name_of_its_channel_and_a_tap_by_the_button(staff: Cast) -> None:
    channel = Channel.objects.create(account=staff.ours, name="天河店前台")
    scan = f"qrscene_{channel.scene}"
    message(staff.ours, scan, openid=OPENID, kind="event", event="subscribe")
    message(staff.ours, "qrscene_ch_abcdefghijkm", openid=OPENID, kind="event", event="subscribe")
    message(staff.ours, "menu:gone", openid=OPENID, kind="event", event="click")
    follower = Follower.objects.create(account=staff.ours, openid=OPENID)
    pages = {
        "/admin/inbox/inboundmessage/": "天河店前台",
        reverse("admin:inbox_conversation", args=[staff.ours.pk, OPENID]): "天河店前台",
        reverse("admin:followers_follower_change", args=[follower.pk]): "已删除的菜单项",
    }
    for address, words in pages.items():
        shown = body(signed_in(staff.owner).get(address).content.decode())
        assert words in shown, address
        assert "ch_" not in shown, address
        assert "menu:" not in shown, address


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("sequence:{campaigns.sequence}", "自动旅程"),
        ("sequence:999999", "已删除的自动旅程"),
        ("rule:999999", "已删除的自动回复"),
        ("event:{pushes.eventtemplate}", "自动消息"),
        ("api", "业务系统（接口）"),
        ("receipt", "付款回执"),
        ("staff:999999", "已离开的同事"),
    ],
)
def test_why_something_was_sent_is_told_in_words(staff: Cast, cause: str, words: str) -> None:
    ours = world.build(staff.ours)
    mark = re.sub(r"\{(.+)\}", lambda found: str(ours[found[1]].pk), cause)
    Push.objects.update(cause=mark)
    html = signed_in(staff.owner).get("/admin/pushes/push/").content.decode()
    assert words in html
    assert f">{mark}<" not in html


def test_an_order_says_in_words_who_had_it_made(staff: Cast) -> None:
    ours = world.build(staff.ours)
    order = ours["orders.order"]
    type(order).objects.update(source="shop")
    order.steps.create(kind="created", text=f"1:{openid_of(staff.ours, 0)}:dc509f", by="shop")
    order.steps.create(kind="called", by="WeChat Pay")
    order.steps.create(kind="moved", text="已支付", by="worker")
    shown = body(signed_in(staff.owner).get(f"/admin/orders/order/{order.pk}/change/").content.decode())
    for words in ("收款商品页面", "微信支付", "系统自动"):
        assert words in shown
    for code in ("dc509f", openid_of(staff.ours, 0), "WeChat Pay", "worker"):
        assert code not in shown
    revenue = body(signed_in(staff.owner).get(reverse("admin:orders_revenue")).content.decode())
    assert "收款商品页面" in revenue


def test_an_unforeseen_error_is_told_in_words_and_its_class_is_folded_away(staff: Cast) -> None:
    row = message(staff.ours, "在吗", error="ConnectionError: <refused>")
    address = reverse("admin:inbox_inboundmessage_change", args=[row.pk])
    html = signed_in(staff.service).get(address).content.decode()
    assert "<summary>出现意外错误。详情供系统维护人员查看。</summary>" in html
    assert "<code>ConnectionError: &lt;refused&gt;</code></details>" in html
    type(row).objects.update(error="AppID 不正确")
    assert "<details><summary>" not in signed_in(staff.service).get(address).content.decode()


def test_a_mini_program_is_offered_by_its_name(staff: Cast) -> None:
    ours = world.build(staff.ours)
    program = MiniProgram.objects.filter(account=staff.ours).first()
    assert program is not None
    address = reverse("admin:pushes_template_try", args=[ours["pushes.template"].pk])
    html = signed_in(staff.owner).get(address).content.decode()
    assert f'<option value="{program.appid}">{program.name}</option>' in html
