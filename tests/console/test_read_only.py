"""Tests of pages without the right to change: the same labels and values as the form."""

import re
from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from payments.shop.models import Item
from tests.cast import Cast, signed_in
from tests.console.world import World
from wechat.campaigns.models import Sequence
from wechat.channels.models import Channel
from wechat.replies.models import Reply

pytestmark = pytest.mark.django_db

# What WeChat and the web call so in Chinese as well.
FOREIGN = re.compile(
    r"(AppID|AppSecret|OpenID|UnionID|EncodingAESKey|Token|URL|API|APIv[23]|IP|Webhook|H5|SHA-1|ID)(?![A-Za-z])"
    r"|access_token|media_id",
    re.IGNORECASE,
)
TAGS = ("label", "th", "h2", "h3", "legend", "summary")
# For superusers, or shown by pages of their own.
WITHOUT_A_PAGE = {
    "auth.user", "staff.signinlimit", "staff.staffright", "desk.thread", "approvals.approval",
}  # fmt: skip
LATIN = re.compile(r"[A-Za-z]{2,}")


def labels(page: str) -> Iterator[str]:
    """Returns what stands before a value, above a column or over a group of fields."""
    root: Any = lxml.html.fromstring(page)
    for icon in root.find_class("material-symbols-outlined"):
        icon.drop_tree()
    for each in root.xpath(f"//*[@id='content']//*[{' or '.join(f'self::{tag}' for tag in TAGS)}]"):
        yield " ".join(each.text_content().split())


def shown(client: Client, row: object) -> str:
    meta = row._meta  # type: ignore[attr-defined]
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])  # type: ignore[attr-defined]
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_an_auditor_reads_no_label_in_english(ours: World, staff: Cast) -> None:
    client = signed_in(staff.auditor)
    wrong = []
    for model in list(admin.site._registry):
        label = model._meta.label_lower
        row = ours.rows.get(label)
        if row is None or label in WITHOUT_A_PAGE:
            continue
        found = labels(shown(client, row))
        wrong += [f"{label}: {words}" for words in found if LATIN.search(FOREIGN.sub("", words))]
    assert not wrong


def _text(page: str) -> str:
    root: Any = lxml.html.fromstring(page)
    return " ".join(root.get_element_by_id("content").text_content().split())


def test_a_rule_is_read_with_its_replies_and_without_fields_of_other_kinds(ours: World, staff: Cast) -> None:
    rule = ours["replies.rule"]
    Reply.objects.filter(rule=rule).update(content={"type": "text", "content": "停车请走南门\n两小时免费"})
    rule.weekdays = [1, 3]
    rule.save()
    text = _text(shown(signed_in(staff.auditor), rule))
    assert "类型 文字 文字 停车请走南门" in text
    assert "两小时免费" in text
    assert "星期 周一、周三" in text
    for absent in ("音乐", "卡券", "渠道", "顺序"):
        assert absent not in text


def test_addresses_and_signs_are_read_as_they_were_typed(ours: World, staff: Cast) -> None:
    """Links are links, and what is a sign of markup elsewhere is a letter here."""
    rule = ours["replies.rule"]
    rule.note = "汤 & 面 <小份>\n见 https://example.com/a?b=1&c=2"
    rule.save()
    page = shown(signed_in(staff.auditor), rule)
    assert "汤 &amp; 面 &lt;小份&gt;<br>" in page
    assert '<a href="https://example.com/a?b=1&amp;c=2" rel="nofollow">' in page


def test_a_campaign_nobody_has_written_yet_says_nothing(ours: World, staff: Cast) -> None:
    ours["campaigns.variant"].content = {}
    ours["campaigns.variant"].save()
    assert "发送内容 – " in _text(shown(signed_in(staff.auditor), ours["campaigns.campaign"]))


def test_a_reader_of_a_poster_is_not_asked_to_drag_its_code(ours: World, staff: Cast) -> None:
    hint = "拖动二维码"
    assert hint in shown(signed_in(staff.editor), ours["channels.poster"])
    assert hint not in shown(signed_in(staff.auditor), ours["channels.poster"])


def test_a_difference_waits_until_it_is_settled(ours: World, staff: Cast) -> None:
    assert "状态 待处理" in _text(shown(signed_in(staff.auditor), ours["bills.discrepancy"]))


def test_amounts_are_read_in_yuan(ours: World, staff: Cast) -> None:
    Item.objects.filter(pk=ours["shop.item"].pk).update(price=12800)
    Channel.objects.filter(pk=ours["channels.channel"].pk).update(cost=20000)
    client = signed_in(staff.auditor)
    item, channel = _text(shown(client, ours["shop.item"])), _text(shown(client, ours["channels.channel"]))
    assert "付款方式 固定价格 价格（元） 128.00" in item
    assert "最低金额" not in item
    assert "成本（元） 200.00" in channel


def test_a_sequence_says_in_words_what_it_begins_with(ours: World, staff: Cast) -> None:
    Sequence.objects.filter(pk=ours["campaigns.sequence"].pk).update(trigger="follow")
    address = reverse("admin:campaigns_sequence_settings", args=[ours["campaigns.sequence"].pk])
    text = _text(signed_in(staff.auditor).get(address).content.decode())
    assert "开始于 有人关注" in text
    assert "follow" not in text


def test_an_article_is_read_as_it_looks(ours: World, staff: Cast) -> None:
    draft = ours["articles.draft"]
    draft.articles.update(content="<p>正文<strong>重点</strong></p><script>alert(1)</script>")
    page = shown(signed_in(staff.auditor), draft)
    assert "<p>正文<strong>重点</strong></p>" in page
    assert "alert(1)" not in page
    assert "&lt;p&gt;" not in page
    assert "保存到微信草稿箱" not in page
    assert "从文件导入" not in page


@pytest.mark.parametrize("label", ["official.officialaccount", "merchants.merchant"])
def test_of_a_secret_is_read_only_whether_it_is_set(ours: World, staff: Cast, label: str) -> None:
    row = ours[label]
    if label == "merchants.merchant":
        row.private_key, row.api_v3_key = "-----BEGIN PRIVATE KEY-----", "a" * 32
        row.save()
    page = shown(signed_in(staff.auditor), row)
    assert "已设置" in page
    assert "保持不变" not in page
    for name in ("appsecret", "token", "aes_key", "private_key", "api_v3_key"):
        secret = vars(row).get(name)
        assert not secret or str(secret) not in page
