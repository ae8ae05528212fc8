"""Tests of the answers to taps, and that each tap counts once."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from menus import answering, counting, statistics
from menus.buttons import Button
from menus.describing import ReferenceNames, action
from menus.models import Menu, TapDay, Version
from menus.statistics import Figures, Purchase
from menus.tree import write
from tests.cast import Cast, message, signed_in
from tests.menus.conftest import button, parent, put, text, view
from wechat.console import codes
from wechat.inbox import routing
from wechat.inbox.answerers import names
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.replies.models import Keyword, Reply, Rule
from wechat.sdk.content import Text
from wechat.sdk.messages import Click, View, ViewMiniProgram

State = Version.State
OPENID = "oFollower000000000000000001"


def live(menu: Menu, *buttons: object, number: int = 1) -> Version:
    menu.versions.filter(state=State.PUBLISHED).update(state=State.SUPERSEDED, superseded_at=timezone.now())
    version = Version.objects.create(
        menu=menu, number=number, state=State.PUBLISHED, published_at=timezone.now()
    )
    write(version, buttons)  # type: ignore[arg-type]
    return version


def click(key: str) -> Click:
    return Click(to="gh_0123456789ab", openid=OPENID, create_time=1764000000, kind="event", event_key=key)


def answer(menu: Menu, key: str) -> Answer | None:
    return routing.answer(InboundEvent(menu.account, click(key)))


def answer_to(menu: Menu, key: str) -> str | None:
    found = answer(menu, key)
    return found.now.content if found and isinstance(found.now, Text) else None


def test_a_button_says_its_reply(menu: Menu) -> None:
    live(menu, parent(button(reply=text("今日三节课"))))
    found = answer(menu, "menu:aaaa")
    assert found is not None
    assert (found.by, found.now) == ("menu:aaaa", Text("今日三节课"))
    assert answer(menu, "menu:zzzz") is None


def test_the_button_that_a_key_names_says_its_reply_whatever_other_has_the_key(menu: Menu) -> None:
    live(menu, button(reply=text("今日三节课")), Button("bbbb", "抄来的", key="menu:aaaa"))
    assert answer_to(menu, "menu:aaaa") == "今日三节课"


def test_who_still_shows_the_old_menu_is_answered_too(menu: Menu) -> None:
    live(menu, button("aaaa", reply=text("旧")), button("bbbb", reply=text("一")))
    live(menu, button("bbbb", reply=text("二")), number=2)
    assert answer_to(menu, "menu:aaaa") == "旧"
    assert answer_to(menu, "menu:bbbb") == "二"
    with time_machine.travel(timezone.now() + datetime.timedelta(days=31)):
        assert answering.table([]).find(click("menu:aaaa")) is None
        Version.objects.filter(number=1).update(note="an edit, so that the table is made anew")
        assert answer_to(menu, "menu:aaaa") is None


def test_the_menu_of_an_account_that_is_switched_on_answers_at_once(menu: Menu) -> None:
    live(menu, button(reply=text("今日三节课")))
    OfficialAccount.objects.update(enabled=False)
    answering.of(menu.account)
    OfficialAccount.objects.update(enabled=True)
    assert answer_to(menu, "menu:aaaa") == "今日三节课"


def test_a_draft_answers_nobody(menu: Menu) -> None:
    put(menu, button())
    assert answer(menu, "menu:aaaa") is None


def test_a_rule_speaks_for_its_button_while_it_is_on(menu: Menu) -> None:
    rule = Rule.objects.create(account=menu.account, name="时间")
    Keyword.objects.create(rule=rule, text="几点")
    Reply.objects.create(rule=rule, content={"type": "text", "content": "早九晚九"})
    live(menu, button(rule=rule.pk))
    assert answer_to(menu, "menu:aaaa") == "早九晚九"
    Rule.objects.update(enabled=False)
    assert answer_to(menu, "menu:aaaa") is None


def test_a_foreign_key_is_left_to_the_rules(menu: Menu) -> None:
    live(menu, button(kind="click", key="MENU_TODAY"))
    rule = Rule.objects.create(
        account=menu.account, name="课程", trigger="event", event="click", event_key="MENU_TODAY"
    )
    Reply.objects.create(rule=rule, content={"type": "text", "content": "规则"})
    found = answer(menu, "MENU_TODAY")
    assert found is not None
    assert found.by == f"rule:{rule.pk}"


def test_a_reply_may_call_the_follower_by_the_remark(menu: Menu) -> None:
    Follower.objects.create(account=menu.account, openid=OPENID, remark="王芳")
    live(menu, button(reply=text("{remark}您好")))
    assert answer_to(menu, "menu:aaaa") == "王芳您好"


def test_a_button_is_described_by_its_kind_and_not_by_what_it_held_before() -> None:
    held: dict[str, Any] = {"reply": text("旧回复"), "url": "https://a.cn/", "file": 1}
    names = ReferenceNames(files={1: "海报"})
    assert action(button(kind="media_id", **held), names).endswith("：海报")
    assert action(button(kind="view", **held), names).endswith("：https://a.cn/")
    assert action(button(kind="click", **held), names).endswith("：旧回复")


def test_a_reply_is_described_by_what_it_says() -> None:
    assert action(button(reply=text("今日三节课")), ReferenceNames()).endswith("：今日三节课")


def test_another_accounts_button_says_nothing_here(menu: Menu, staff: Cast) -> None:
    live(menu, button())
    assert routing.answer(InboundEvent(staff.theirs, click("menu:aaaa"))) is None


def test_the_log_names_the_button(menu: Menu) -> None:
    live(menu, button(name="课程"))
    found = names(["menu:aaaa"]).of("menu:aaaa")
    assert "课程" in found.name
    assert found.link == reverse("admin:menus_menu_change", args=[menu.pk])


# --- counting


def tap(menu: Menu, uid: str = "aaaa", openid: str = OPENID, times: int = 1) -> InboundMessage:
    row = message(menu.account, "", openid=openid, kind="event", event="click")
    entry = answering.of(menu.account).find(click(f"menu:{uid}"))
    assert entry is not None
    for _each in range(times):
        counting.count(row, entry)
    return row


def test_a_tap_counts_once_however_often_it_is_handled(menu: Menu) -> None:
    live(menu, button())
    tap(menu, times=3)
    assert TapDay.objects.get().taps == 1


def test_different_followers_are_told_from_many_taps(menu: Menu) -> None:
    live(menu, button())
    for openid in ("oA", "oA", "oB"):
        tap(menu, openid=openid)
    day = TapDay.objects.get()
    assert (day.taps, day.followers) == (3, 2)


def test_links_and_mini_programs_are_counted_by_where_they_lead(menu: Menu) -> None:
    page = {"kind": "miniprogram", "appid": "wx1", "pagepath": "pages/a", "url": "https://a.cn/"}
    live(menu, view(), button("cccc", **page))
    table = answering.of(menu.account)
    common = {"to": "gh", "openid": OPENID, "create_time": 1, "kind": "event"}
    link = table.find(View(event_key="https://h5.example.com/card", **common))  # type: ignore[arg-type]
    program = table.find(ViewMiniProgram(event_key="pages/a", **common))  # type: ignore[arg-type]
    assert link is not None
    assert program is not None
    assert (link.uid, program.uid) == ("bbbb", "cccc")


def test_figures_are_told_by_button_version_and_day(menu: Menu) -> None:
    first = live(menu, button("aaaa"), button("bbbb"))
    tap(menu, "aaaa")
    live(menu, button("aaaa"), number=2)
    tap(menu, "aaaa", "oB")
    today = timezone.localdate()
    assert statistics.by_button(menu, today) == {"aaaa": Figures(2, 2)}
    assert statistics.by_button(menu, today, first) == {"aaaa": Figures(1, 1)}
    assert statistics.by_day(menu, today - datetime.timedelta(days=2))[-1] == (today, 2)
    assert len(statistics.by_day(menu, today - datetime.timedelta(days=2))) == 3


def test_an_order_belongs_to_the_last_tap_within_a_day(menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    live(menu, button("aaaa"), button("bbbb"))
    for uid in ("aaaa", "bbbb"):
        tap(menu, uid)
    now = timezone.now()
    orders = [
        Purchase(OPENID, now + datetime.timedelta(minutes=5), 990),
        Purchase(OPENID, now + datetime.timedelta(days=2), 990),
        Purchase("oNobody", now, 990),
    ]
    monkeypatch.setattr(statistics, "_sources", [lambda account, since: orders])
    figures = statistics.by_button(menu, timezone.localdate())
    assert figures["bbbb"] == Figures(1, 1, 1, 990)
    assert figures["aaaa"] == Figures(1, 1)


def test_the_orders_of_a_year_are_never_all_in_memory(menu: Menu, monkeypatch: pytest.MonkeyPatch) -> None:
    live(menu, button("aaaa"))
    tap(menu)
    soon = timezone.now() + datetime.timedelta(minutes=5)
    looked_up: list[int] = []

    def orders(account: OfficialAccount, since: datetime.datetime) -> Iterator[Purchase]:
        for _each in range(5):
            looked_up.append(len(queries))
            yield Purchase(OPENID, soon, 100)

    monkeypatch.setattr(statistics, "BATCH", 2)
    monkeypatch.setattr(statistics, "_sources", [orders])
    with CaptureQueriesContext(connection) as queries:
        figures = statistics.by_button(menu, timezone.localdate())
    assert figures["aaaa"] == Figures(1, 1, 5, 500)
    assert [count - looked_up[0] for count in looked_up] == [0, 0, 1, 1, 2]


def test_the_page_shows_taps(menu: Menu, staff: Cast) -> None:
    live(menu, button(name="课程"))
    tap(menu)
    page = signed_in(staff.auditor).get(reverse("admin:menus_statistics", args=[menu.pk]))
    assert page.status_code == 200
    assert page.context["total"].taps == 1
    assert signed_in(staff.outsider).get(reverse("admin:menus_statistics", args=[menu.pk])).status_code == 404


def test_rules_are_offered_the_keys_of_the_live_menu_by_the_buttons_names(
    menu: Menu, account: OfficialAccount
) -> None:
    live(menu, button("old1", "旧按钮"), number=1)
    live(menu, parent(button("aaaa", "今日课程", key="COURSES"), button("bbbb", "客服")), number=2)
    assert codes.menu_keys.offered(account.pk) == [("COURSES", "今日课程"), ("menu:bbbb", "客服")]
    assert codes.menu_keys.name_of(account.pk, "COURSES") == "今日课程"
