"""One name for one thing: a link of the sidebar is called as the page it leads to."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from config.navigation import GROUPS, NavigationEntry
from tests.cast import Cast, signed_in
from tests.console.world import World

# Django's own table of people has its own name for them.
DJANGOS = "admin:auth_user_changelist"
LISTS = [
    entry
    for _title, entries in GROUPS
    for entry in entries
    if entry.url_name.endswith("_changelist") and entry.url_name != DJANGOS
]


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry.url_name)
def test_a_list_is_called_as_the_link_that_leads_to_it(
    client: Client, staff: Cast, entry: NavigationEntry
) -> None:
    client.force_login(staff.superuser)
    page = client.get(reverse(entry.url_name)).content.decode()
    title = re.search(r"<title>\s*(.*?)\s*</title>", page, re.DOTALL)
    assert title is not None
    with translation.override("zh-hans"):
        assert str(entry.title) in unescape(title[1])


@pytest.mark.parametrize("entry", LISTS, ids=lambda entry: entry.url_name)
def test_an_empty_list_says_once_that_it_is_empty(
    client: Client, staff: Cast, entry: NavigationEntry
) -> None:
    client.force_login(staff.owner)
    page = re.sub(r"<[^>]+>", " ", client.get(reverse(entry.url_name)).content.decode())
    assert len(re.findall("(?:还|现在)没有", page)) <= 1


@pytest.mark.parametrize(
    ("url_name", "name"),
    [
        ("replies_rule", "自动回复"), ("menus_menu", "自定义菜单"), ("materials_asset", "素材库"),
        ("articles_draft", "图文消息"), ("campaigns_masssend", "群发"),
    ],
)  # fmt: skip
def test_the_platforms_own_name_stands_over_a_page(
    client: Client, staff: Cast, url_name: str, name: str
) -> None:
    client.force_login(staff.owner)
    page = client.get(reverse(f"admin:{url_name}_changelist")).content.decode()
    assert name in page[page.index("<title>") : page.index("</title>")]


@pytest.mark.parametrize(
    ("url_name", "sentence"),
    [
        ("materials_asset", "还没有素材<"),
        ("bills_discrepancy", "还没有差异<"),
        ("inbox_inboundmessage", "还没有消息<"),
    ],
)
def test_sentences_about_rows_name_the_rows_and_not_their_list(
    client: Client, staff: Cast, url_name: str, sentence: str
) -> None:
    client.force_login(staff.superuser)
    assert sentence in client.get(reverse(f"admin:{url_name}_changelist")).content.decode()


def test_the_files_that_are_chosen_in_the_library_are_deleted_not_the_library(
    staff: Cast, ours: World
) -> None:
    page = signed_in(staff.superuser).get(reverse("admin:materials_asset_changelist")).content.decode()
    assert "删除所选的素材<" in page


def test_the_kinds_of_auto_replies_are_those_of_the_platform(client: Client, staff: Cast) -> None:
    client.force_login(staff.editor)
    page = client.get(reverse("admin:replies_rule_add")).content.decode()
    assert all(f">{kind}" in page for kind in ("关键词回复", "收到消息回复", "被关注回复"))
