"""Tests that internal marks and codes are always shown in words."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import Follower
from config.navigation import sidebar
from menus.models import MiniProgram
from tests.cast import Cast, message, signed_in
from tests.console import world
from tests.console.world import World, openid_of
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
        assert not [scene for scene in (channel.scene, "ch_abcdefghijkm") if scene in shown], address
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
    order.steps.create(kind="moved", text="paid", by="worker")
    shown = body(signed_in(staff.owner).get(f"/admin/orders/order/{order.pk}/change/").content.decode())
    for words in ("收款商品页面", "微信支付", "系统自动"):
        assert words in shown
    for code in ("dc509f", openid_of(staff.ours, 0), "WeChat Pay", "worker"):
        assert code not in shown
    revenue = body(signed_in(staff.owner).get(reverse("admin:orders_revenue")).content.decode())
    assert "收款商品页面" in revenue


def test_a_publication_says_which_business_system_or_colleague_asked_for_it(staff: Cast) -> None:
    publication = world.build(staff.ours)["menus.publication"]
    addresses = [
        reverse("admin:menus_publication_changelist"),
        reverse("admin:menus_publication_change", args=[publication.pk]),
    ]
    staff.editor.first_name = "李小林"
    staff.editor.save()
    askers: dict[str, dict[str, Any]] = {
        "李小林": {"asked_by": staff.editor},
        "门店系统": {"asked_through": "门店系统"},
    }
    for name, asker in askers.items():
        type(publication).objects.update(**asker)
        for address in addresses:
            assert name in body(signed_in(staff.owner).get(address).content.decode()), address


def test_no_name_of_a_page_needs_a_blank_beside_the_chinese_it_is_put_into() -> None:
    names = {
        str(name)
        for model in admin.site._registry
        for name in (model._meta.verbose_name, model._meta.verbose_name_plural)
    }
    assert not [name for name in names if re.search(r"^\w|\w$", name, re.ASCII)]


def test_what_is_said_of_a_row_has_no_blank_between_its_chinese_words(staff: Cast) -> None:
    client = signed_in(staff.superuser)
    given = {"account": staff.ours.pk, "name": "会员"}
    added = client.post(reverse("admin:followers_tag_add"), given, follow=True)
    assert "已添加标签“" in added.content.decode()
    page = client.get(reverse("admin:auth_user_change", args=[staff.editor.pk]))
    assert "删除员工" in body(page.content.decode())


@pytest.mark.parametrize("name", ["ConnectionError", "DoesNotExist", "ReadTimeout"])
def test_an_unforeseen_error_is_told_in_words_and_its_class_is_folded_away(staff: Cast, name: str) -> None:
    row = message(staff.ours, "在吗", error=f"{name}: <refused>", due_at=None, handled_at=None)
    failed = signed_in(staff.owner).get(reverse("operations_failures")).content.decode()
    assert "系统出现意外错误。请重试；如果仍然失败，请联系服务器管理员。" in failed
    assert name not in failed
    address = reverse("admin:inbox_inboundmessage_change", args=[row.pk])
    html = signed_in(staff.service).get(address).content.decode()
    assert "<summary>系统出现意外错误。请重试；如果仍然失败，请联系服务器管理员。</summary>" in html
    assert f"<code>{name}: &lt;refused&gt;</code></details>" in html
    type(row).objects.update(error="AppID 不正确")
    assert "出现意外错误" not in signed_in(staff.service).get(address).content.decode()


def test_a_call_without_an_answer_is_told_on_the_page_of_its_row_as_among_the_failures(staff: Cast) -> None:
    error = "/cgi-bin/tags/members/batchtagging failed: ConnectTimeout"
    row = message(staff.ours, "在吗", error=error, due_at=None, handled_at=None)
    address = reverse("admin:inbox_inboundmessage_change", args=[row.pk])
    words = "连不上微信，稍后可以重试。"
    assert words in signed_in(staff.owner).get(reverse("operations_failures")).content.decode()
    html = signed_in(staff.service).get(address).content.decode()
    assert f"<code>{error}</code></details>" in html
    assert words in html


def test_a_mini_program_is_offered_by_its_name(staff: Cast) -> None:
    ours = world.build(staff.ours)
    program = MiniProgram.objects.filter(account=staff.ours).first()
    assert program is not None
    address = reverse("admin:pushes_template_try", args=[ours["pushes.template"].pk])
    html = signed_in(staff.owner).get(address).content.decode()
    assert f'<option value="{program.appid}">{program.name}</option>' in html


def test_what_wechat_pay_reports_is_told_in_words(staff: Cast, ours: World) -> None:
    page = signed_in(staff.owner).get(reverse("admin:notifications_notification_changelist")).content.decode()
    assert "支付成功" in page
    assert "TRANSACTION.SUCCESS" not in page


def test_a_row_is_called_over_its_page_as_it_was_written(staff: Cast, ours: World) -> None:
    endpoint = ours["webhooks.endpoint"]
    page = signed_in(staff.superuser).get(reverse("admin:webhooks_endpoint_change", args=[endpoint.pk]))
    heading = re.findall(r"<h1.*?</h1>", page.content.decode(), re.DOTALL)[0]
    assert "https://example.com/0" in heading


@pytest.mark.parametrize(
    ("page", "entry"),
    [
        ("admin:followers_customfield_changelist", "粉丝"),
        ("admin:desk_cannedanswer_changelist", "客服工作台"),
        ("admin:menus_publication_changelist", "自定义菜单"),
        ("admin:pushes_staff_notice", "待我处理"),
        ("admin:index", "概览"),
    ],
)
def test_the_navigation_lights_up_what_a_page_belongs_to(staff: Cast, page: str, entry: str) -> None:
    request = RequestFactory().get(reverse(page))
    request.user = staff.superuser
    items = [item for group in sidebar(request) for item in group["items"]]
    assert [str(item["title"]) for item in items if item["active"]] == [entry]


def test_every_page_of_the_navigation_is_called_as_its_entry(staff: Cast) -> None:
    request = RequestFactory().get(reverse("admin:index"))
    request.user = staff.superuser
    client, wrong = signed_in(staff.superuser), []
    for item in [item for group in sidebar(request) for item in group["items"]]:
        html = client.get(item["link"]).content.decode()
        headings = re.findall(r"<h[12]\b.*?</h[12]>", html[html.index('id="main"') :], re.DOTALL)
        if not any(str(item["title"]) in each for each in headings):
            wrong.append(str(item["title"]))
    assert not wrong


def test_what_is_empty_is_the_same_dash_on_every_page() -> None:
    assert {str(page.get_empty_value_display()) for page in admin.site._registry.values()} == {"–"}


def test_what_the_page_of_a_row_lacks_is_the_same_dash(staff: Cast, ours: World) -> None:
    client = signed_in(staff.owner)
    for label in ("bills.bill", "bills.discrepancy", "inbox.inboundmessage", "webhooks.delivery"):
        page = f"admin:{label.replace('.', '_')}_change"
        html = client.get(reverse(page, args=[ours[label].pk])).content.decode()
        shown = re.findall(r'<div class="readonly[^>]*>(.*?)</div>', html, re.DOTALL)
        texts = [" ".join(re.sub(r"<[^>]*>", "", each).split()) for each in shown]
        assert "–" in texts, label
        assert not {"", "-"} & set(texts), label


def test_a_webhook_is_told_in_words_and_in_the_time_of_all_pages(staff: Cast, ours: World) -> None:
    delivery, client = ours["webhooks.delivery"], signed_in(staff.owner)
    entry = {"at": "2026-11-29T18:00:00.5+00:00", "status": 200, "ms": 41, "error": ""}
    type(delivery).objects.update(log=[entry])
    html = client.get(reverse("admin:webhooks_delivery_change", args=[delivery.pk])).content.decode()
    assert "2026-11-30 02:00:00" in html
    assert "order.paid ·" not in html
    assert "签名密钥无法解密" not in client.get(reverse("admin:webhooks_endpoint_add")).content.decode()


def test_whoever_has_no_account_is_not_offered_a_page_of_one(staff: Cast) -> None:
    page, waiting = reverse("admin:pushes_staff_notice"), reverse("todo")
    assert page in signed_in(staff.owner).get(waiting).content.decode()
    assert page not in signed_in(staff.nobody).get(waiting).content.decode()


def test_the_values_of_a_template_are_filled_in_on_a_page_that_says_so(staff: Cast, ours: World) -> None:
    given = [ours["campaigns.sequence"].pk, ours["campaigns.sequencestep"].pk]
    html = signed_in(staff.owner).get(reverse("admin:campaigns_sequence_fill", args=given)).content.decode()
    assert "<title>填写模板" in " ".join(html.split()).replace("> ", ">")


@pytest.mark.parametrize(
    ("page", "above", "itself"),
    [
        ("admin:followers_sync", "粉丝", "粉丝同步"),
        ("admin:staff_invite", "同事", "邀请同事"),
        ("operations_quotas_clear", "接口额度", "额度清零"),
        ("admin:followers_tag_add", "标签", "添加标签"),
    ],
)
def test_the_heading_says_where_a_page_is(staff: Cast, page: str, above: str, itself: str) -> None:
    html = signed_in(staff.owner).get(reverse(page)).content.decode()
    (heading,) = re.findall(r"<h1 class=\"overflow.*?</h1>", html, re.DOTALL)
    links = re.findall(r"<a [^>]*>\s*(.*?)\s*</a ?>", heading, re.DOTALL)
    assert (links, itself in heading) == ([above], True)


def test_numbers_of_thousands_are_grouped(staff: Cast, ours: World) -> None:
    client = signed_in(staff.owner)
    type(ours["followers.autotag"]).objects.update(added=12_345, ran_at=timezone.now())
    assert "打上 12,345 人" in client.get(reverse("admin:followers_autotag_changelist")).content.decode()
    assert "2,000" in client.get(reverse("admin:pushes_rates")).content.decode()


def test_the_text_of_a_campaign_is_explained_without_codes(staff: Cast, ours: World) -> None:
    given = [ours["campaigns.campaign"].pk, "A"]
    html = signed_in(staff.owner).get(reverse("admin:campaigns_variant", args=given)).content.decode()
    assert "用上方按钮插入链接、表情和变量" in html
    assert "{openid}" not in body(html)


def test_what_is_missing_is_named(staff: Cast, ours: World) -> None:
    given = {"account": ours.account.pk, "merchant": ours["merchants.merchant"].pk}
    answer = signed_in(staff.owner).post(reverse("admin:bills_bill_fetch"), given, follow=True)
    assert "日期：请填写此项。" in answer.content.decode()


def test_what_is_too_long_is_told_with_its_limit(staff: Cast, ours: World) -> None:
    given = {"account": ours.account.pk, "name": "长" * 40}
    answer = signed_in(staff.owner).post(reverse("admin:followers_tag_add"), given)
    assert "最多 30 个字符，现在有 40 个，请缩短。" in answer.content.decode()


def test_the_calendar_of_mass_sends_names_its_month_and_days(staff: Cast) -> None:
    html = signed_in(staff.owner).get(reverse("admin:campaigns_masssend_changelist")).content.decode()
    assert f"<caption>{timezone.localtime():%Y年}{timezone.localtime().month}月</caption>" in html
    assert '<th scope="col">周一</th>' in html
