"""Tests of the validation of menus, to the byte, and of its messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from menus.account_validation import MatchRule, audience_problems, domain_problems
from menus.buttons import Button, ButtonReply
from menus.kinds import READ_ONLY
from menus.validation import (
    File,
    References,
    byte_count,
    problems,
)
from tests.menus.conftest import button, parent, text, view

APPID = "wx3c5e7a9b1d2f4068"
FACTS = References(
    files={1: File("image", uploaded=True), 3: File("image", uploaded=True, permanent=False)},
    rules={1: True, 2: False},
    mini_programs={APPID: True},
)
PROGRAM = {
    "kind": "miniprogram",
    "appid": APPID,
    "pagepath": "pages/a",
    "url": "https://a.cn/",
}


def places(*buttons: Button, facts: References = FACTS) -> list[tuple[str, str]]:
    return [(each.uid, each.field) for each in problems(buttons, facts)]


@pytest.mark.parametrize(
    "good",
    [
        button(name="一二三四五a"),
        button(name="🍵🍵🍵🍵"),
        parent(view(name="长" * 20)),
        parent(*[view(f"ccc{number}") for number in range(5)]),
        view(url="https://a.cn/" + "p" * 1011),
        button(key="k" * 128),
        button(rule=1),
        button(kind="media_id", file=1),
        button(kind="media_id", media_id="imported"),
        button(kind="scancode_push"),
        button(kind="location_select"),
        button(kind="article_id", article_id="A1"),
        button(**PROGRAM),
    ],
)
def test_what_wechat_takes_is_fine(good: Button) -> None:
    assert places(good) == []


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (button(name="一二三四五ab"), "name"),
        (button(name="🍵🍵🍵🍵a"), "name"),
        (button(name="  "), "name"),
        (button(name="两\n行"), "name"),
        (parent(view("aaaa", "长" * 20 + "a")), "name"),
        (button("aaaa", kind="click"), "reply"),
        (button("aaaa", rule=2), "rule"),
        (button("aaaa", rule=9), "rule"),
        (view("aaaa", url=""), "url"),
        (view("aaaa", url="ftp://a.cn/"), "url"),
        (view("aaaa", url="javascript:alert(1)"), "url"),
        (view("aaaa", url="https://a.cn/ b"), "url"),
        (view("aaaa", url="https://a.cn/" + "p" * 1012), "url"),
        (button(**{**PROGRAM, "appid": ""}), "appid"),
        (button(**{**PROGRAM, "appid": "WX3C5E7A9B1D2F4068"}), "appid"),
        (button(**{**PROGRAM, "pagepath": ""}), "pagepath"),
        (button(**{**PROGRAM, "pagepath": "https://a.cn/pages/a"}), "pagepath"),
        (button(**{**PROGRAM, "pagepath": "pages/a b"}), "pagepath"),
        (button(**{**PROGRAM, "url": ""}), "url"),
        (button(kind="media_id"), "file"),
        (button(kind="media_id", file=9), "file"),
        (button(kind="media_id", file=3), "file"),
        (button(kind="article_view_limited"), "article_id"),
    ],
)
def test_what_wechat_refuses_is_told_with_the_button_and_the_field(bad: Button, place: str) -> None:
    assert places(bad) == [("aaaa", place)]


def test_a_name_too_long_says_by_how_much() -> None:
    (problem,) = problems([button(name="一二三四五六")], FACTS)
    assert "“一二三四五六”" in problem.text
    assert "18" in problem.text
    assert "2 字节" in problem.text or "2 bytes" in problem.text


def test_there_are_three_buttons_and_five_below_each() -> None:
    assert places() == [("", "")]
    assert places(*[view(f"aaa{number}") for number in range(4)]) == [("", "")]
    assert places(parent(*[view(f"aaa{number}") for number in range(6)])) == [("cccc", "")]
    assert places(parent()) == [("cccc", "")]


def test_there_are_two_levels() -> None:
    assert places(parent(parent(view(), uid="dddd"))) == [("dddd", "")]


def test_a_key_too_long_by_one_byte() -> None:
    assert places(button(key="k" * 129)) == [("aaaa", "")]


def test_a_key_that_a_rule_answers_needs_no_reply() -> None:
    tapped = button(kind="click", key="MENU_TODAY")
    assert places(tapped) == [("aaaa", "reply")]
    answered = References(answered=lambda kind, key: (kind, key) == ("click", "MENU_TODAY"))
    assert places(tapped, facts=answered) == []


def test_a_dead_link_is_a_warning_and_a_withdrawn_article_an_error() -> None:
    facts = References(dead={"https://h5.example.com/card": "404"}, withdrawn=frozenset({"A1"}))
    (dead,) = problems([view()], facts)
    assert (dead.is_error, "404" in dead.text) == (False, True)
    (withdrawn,) = problems([button(kind="article_id", article_id="A1")], facts)
    assert withdrawn.is_error


def test_a_mini_program_that_is_not_linked() -> None:
    (problem,) = problems([button(name="约课", **PROGRAM)], References(mini_programs={APPID: False}))
    assert (problem.uid, problem.field, problem.is_error) == ("aaaa", "appid", True)
    assert "约课" in problem.text


@pytest.mark.parametrize("known", [{}, {APPID: None}])
def test_a_mini_program_that_nobody_knows_about_is_a_warning(known: dict[str, bool | None]) -> None:
    (problem,) = problems([button(name="约课", **PROGRAM)], References(mini_programs=known))
    assert (problem.field, problem.is_error, "约课" in problem.text) == ("appid", False, True)


@pytest.mark.parametrize(
    ("content", "wrong"), [("{remark}您好", True), ("{remark|朋友}您好", False), ("{account}", False)]
)
def test_a_variable_that_may_be_empty_tells_what_to_say_then(content: str, wrong: bool) -> None:
    found = [each for each in problems([button(reply=text(content))], FACTS) if each.is_error]
    assert bool(found) is wrong
    assert not wrong or "{remark|" in found[0].text


def test_a_reply_may_show_a_temporary_file() -> None:
    assert places(button(reply=ButtonReply({"type": "image", "media_id": ""}, asset=3))) == []


def test_the_files_of_a_reply_count_too() -> None:
    with_reply = button(reply=ButtonReply({"type": "image", "media_id": ""}, asset=9))
    assert places(with_reply) == [("aaaa", "reply")]
    failed = References(files={9: File("image", uploaded=False, failed=True)})
    assert places(with_reply, facts=failed) == [("aaaa", "reply")]


@pytest.mark.parametrize("kind", sorted(READ_ONLY))
def test_what_only_the_platforms_page_can_make_is_not_published(kind: str) -> None:
    assert places(button(kind=kind)) == [("aaaa", "kind")]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_any_names_at_all_are_judged_by_their_bytes(names: list[str]) -> None:
    menu = [button(f"uid{number}", name, reply=text("好")) for number, name in enumerate(names)]
    wrong = {each.uid for each in problems(menu, FACTS) if each.field == "name"}
    for one in menu:
        if byte_count(one.name) > 16 or not one.name.strip():
            assert one.uid in wrong


# --- several menus


def problem_count(audience: MatchRule, *above: MatchRule, default_is_live: bool = True) -> int:
    return len(audience_problems(audience, above, default_is_live=default_is_live))


def test_a_menu_that_another_one_hides_can_never_match() -> None:
    members = MatchRule("会员", tag=1)
    assert problem_count(MatchRule("安卓会员", tag=1, platform=2), members) == 1
    assert problem_count(MatchRule("安卓", platform=2), members) == 0
    assert problem_count(members, MatchRule("会员二", tag=1)) == 1
    assert problem_count(MatchRule("别的", tag=2), members) == 0


@pytest.mark.parametrize(
    "audience",
    [
        MatchRule("无"),
        MatchRule("旧", platform=1, other={"sex": "1"}),
        MatchRule("新标签", tag=1, on_platform=False),
        MatchRule("没人", tag=1, followers=0),
    ],
)
def test_an_audience_that_fits_nobody_is_told(audience: MatchRule) -> None:
    assert problem_count(audience) == 1


def test_a_conditional_menu_waits_for_the_one_for_everybody() -> None:
    assert problem_count(MatchRule("会员", tag=1), default_is_live=False) == 1


def test_conditional_menus_lead_to_three_sites_together() -> None:
    menus: list[list[Any]] = [[view(url=f"https://h{number}.cn/")] for number in range(3)]
    assert domain_problems([*menus, [view(url="https://h1.cn/other")]]) == []
    (problem,) = domain_problems([*menus, [parent(view(url="https://h4.cn/"))]])
    assert "h4.cn" in problem.text
