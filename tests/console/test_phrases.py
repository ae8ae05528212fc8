"""Tests that texts put together have the punctuation of the reader's language."""

import re

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils import translation

from accounts.followers.models import Tag
from tests.cast import Cast, signed_in
from tests.console.table import may, table
from tests.console.visiting import Visitor, address_of
from tests.console.world import World
from wechat.console.phrases import joined, labelled, listed

pytestmark = pytest.mark.django_db

# A colon, comma and the like of English after a Chinese character, or a space after a Chinese sign.
FOREIGN = re.compile(r"[\u4e00-\u9fff”）][:,;?!](?![\w/])|[，。；：！？] (?=[\u4e00-\u9fff])")
# Tags within a line; any other divides texts that do not belong together.
WITHIN = re.compile(r"</?(?:em|span|code|kbd)\b[^>]*>")
ELSEWHERE = {"login", "logout", "help", "articles_autosave"}


def test_a_label_an_enumeration_and_sentences_follow_the_language() -> None:
    with translation.override("en"):
        assert labelled("Tag", "VIP") == "Tag: VIP"
        assert listed(["a", "b", "c"]) == "a, b, c"
        assert joined(["One.", "Two."]) == "One. Two."
    assert labelled("标签", "会员") == "标签：会员"
    assert listed(["甲", "乙", "丙"]) == "甲、乙、丙"
    assert joined(["一。", "二。"]) == "一。二。"
    assert listed([]) == joined([]) == ""


def test_what_is_put_together_in_a_template_is_escaped_once() -> None:
    source = "{% load phrases %}{{ label|labelled:text }}{{ text|and_then:nothing }}"
    shown = Template(source).render(Context({"label": "甲", "text": "<b>&", "nothing": ""}))
    assert shown == "甲：&lt;b&gt;&amp;&lt;b&gt;&amp;"


def test_no_page_mixes_the_punctuation_of_two_languages(staff: Cast, ours: World) -> None:
    visitor = Visitor(staff.superuser, ours.account)
    wrong = set()
    for name, page in table().items():
        if not may("superuser", page.get) or name in ELSEWHERE:
            continue
        html = visitor.visit("GET", address_of(name, page, ours), {}).text
        wrong |= {f"{name}: {line}" for line in _lines(html) if FOREIGN.search(line)}
    assert not wrong, "\n".join(sorted(wrong))


def test_a_tag_that_waits_for_wechat_says_so_in_one_sentence(staff: Cast, ours: World) -> None:
    page = signed_in(staff.owner).get(reverse("admin:followers_tag_changelist")).content.decode()
    assert Tag.objects.exists()
    assert "（微信上限）。每位粉丝最多 20 个标签。" in page


def _lines(html: str) -> list[str]:
    if "<main" not in html:
        return []
    body = re.sub(r"<(script|style|textarea)\b.*?</\1>", "", html[html.index("<main") :], flags=re.DOTALL)
    return [" ".join(text.split()) for text in re.split(r"<[^>]*>", WITHIN.sub("", body))]
