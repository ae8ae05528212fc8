"""Menus as values: to the platform and back, and into the editor and back."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus import tree
from menus.buttons import (
    Button,
    Malformed,
    adopted,
    canonical,
    every,
    from_list,
    from_platform,
    to_data,
    to_platform,
)
from menus.differences import differences
from menus.drafts import draft_of
from menus.kinds import ButtonKind
from menus.models import Menu
from tests.menus.conftest import button, parent, view

TOLD: list[dict[str, Any]] = [
    {"type": "click", "name": "今日课程", "key": "MENU_TODAY"},
    {"name": "会员", "sub_button": {"list": [
        {"type": "view", "name": "会员卡", "url": "https://h5.example.com/card"},
        {"type": "miniprogram", "name": "约课", "url": "https://a.cn/", "appid": "wx1", "pagepath": "p"},
        {"type": "scancode_waitmsg", "name": "扫券", "key": "MENU_SCAN"},
        {"type": "media_id", "name": "海报", "media_id": "M1"},
        {"type": "article_view_limited", "name": "文章", "article_id": "A1"},
    ]}},
    {"name": "更多", "sub_button": {"list": [
        {"type": "text", "name": "问候", "value": "您好"},
        {"type": "news", "name": "图文", "value": "N1", "news_info": {"list": [{"title": "一"}]}},
        {"type": "view_limited", "name": "旧图文", "media_id": "M2"},
        {"type": "hologram", "name": "新奇", "depth": 3, "layers": [1, 2]},
    ]}},
]  # fmt: skip

NAMES = ["name", "type", "sub_button", "list", "key", "url"]
REPLY = {"content": {"type": "text", "content": "好"}, "asset": None, "cover": None}


def test_every_button_of_the_platform_survives_the_way_in_and_out() -> None:
    buttons = from_platform(TOLD)
    assert canonical(to_platform(buttons, {})) == canonical(TOLD)
    kinds = [each.kind for each in every(buttons)]
    assert kinds[-4:] == [ButtonKind.TEXT, ButtonKind.NEWS, ButtonKind.VIEW_LIMITED, ButtonKind.UNKNOWN]


@pytest.mark.django_db
def test_every_button_survives_the_database(menu: Menu) -> None:
    buttons = from_platform(TOLD)
    tree.write(draft_of(menu), buttons)
    assert tree.read(draft_of(menu)) == buttons


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES), inner),
))  # fmt: skip
def test_whatever_the_platform_tells_can_be_read(payload: Any) -> None:
    from_platform(payload if isinstance(payload, list) else [payload])


def test_the_editors_form_is_the_same_after_a_round_trip() -> None:
    buttons = (button(rule=3), parent(view(), button("dddd", kind="media_id", file=7)))
    assert from_list([to_data(each) for each in buttons]) == buttons


@pytest.mark.parametrize(
    "data",
    [
        None,
        [3],
        [{"name": "无号"}],
        [{"uid": "UPPER"}],
        [{"uid": "aaaa", "kind": "dance"}],
        [{"uid": "aaaa", "name": 3}],
        [{"uid": "aaaa", "file": "7"}],
        [{"uid": "aaaa", "file": True}],
        [{"uid": "aaaa", "nobody": 1}],
        [{"uid": "aaaa", "reply": {"content": "好"}}],
        [{"uid": "aaaa"}, {"uid": "aaaa"}],
        [{"uid": "aaaa", "name": "x" * 5000}],
        [{"uid": "aaaa", "children": {"bbbb": 1}}],
        [{"uid": f"aaa{number:03}"} for number in range(101)],
    ],
)
def test_what_is_no_menu_is_refused(data: Any) -> None:
    with pytest.raises(Malformed):
        from_list(data)


def test_keys_are_made_by_us_and_found_again() -> None:
    (payload,) = to_platform([button("abcd")], {})
    assert payload["key"] == "menu:abcd"
    assert from_platform([payload])[0].uid == "abcd"


def test_buttons_found_again_keep_what_the_platform_cannot_tell() -> None:
    ours = from_list([
        {"uid": "aaaa", "name": "课程", "reply": REPLY},
        {"uid": "bbbb", "name": "卡", "kind": "view", "url": "https://a.cn/"},
    ])  # fmt: skip
    payload = to_platform(tuple(reversed(ours)), {})
    payload[1]["name"] = "新名"
    card, course = adopted(from_platform(payload), ours, {})
    assert (card.uid, course.uid, course.name) == ("bbbb", "aaaa", "新名")
    assert course.reply == ours[0].reply


def test_a_button_that_goes_to_another_submenu_is_told_with_both() -> None:
    moving = Button("aaaa", "甲")
    first, second = Button("bbbb", "乙", "parent"), Button("cccc", "丙", "parent")
    before = (replace(first, children=(moving,)), second)
    after = (first, replace(second, children=(moving,)))
    (moved,) = differences(before, after)
    assert (moved.old, moved.new) == ("“乙”中第 1 位", "“丙”中第 1 位")
    (moved,) = differences(before, (moving, first, second))[:1]
    assert (moved.old, moved.new) == ("“乙”中第 1 位", "第 1 位")


def test_differences_are_told_button_by_button() -> None:
    before = (Button("aaaa", "甲", "view", url="https://a.cn/"), Button("bbbb", "乙"), Button("dddd", "丁"))
    after = (Button("bbbb", "乙"), Button("aaaa", "甲甲", "view", url="https://b.cn/"), Button("eeee", "戊"))
    found = [(each.what, each.name) for each in differences(before, after)]
    assert ("removed", "丁") in found
    assert ("added", "戊") in found
    assert ("renamed", "甲甲") in found
    assert ("changed", "甲甲") in found
    assert ("moved", "乙") in found
