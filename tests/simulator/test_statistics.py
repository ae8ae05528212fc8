"""Tests of statistics, which reflect the simulated events (WeChat reference 15)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, AccountServer, Simulator

DAY = 86_400
BEIJING = timezone(timedelta(hours=8))
NOON = datetime(2026, 2, 4, 12, tzinfo=BEIJING).timestamp()


@pytest.fixture
def noon(simulator: Simulator) -> str:
    """The platform's clock stands at noon of 4 February 2026; the day as text."""
    now = simulator.get("/clock")
    simulator.sim("/clock", {"offset": now["offset"] + NOON - now["now"]})
    return "2026-02-04"


def day_later(simulator: Simulator, days: int = 1) -> None:
    simulator.sim("/clock", {"advance": days * DAY})
    simulator.get_token()


def figures(simulator: Simulator, name: str, day: str, end: str = "") -> Any:
    return simulator.call(f"/datacube/{name}", {"begin_date": day, "end_date": end or day})["list"]


def total(rows: Any, *names: str) -> list[int]:
    return [sum(row[name] for row in rows) for name in names]


def test_who_came_and_left_adds_up_to_who_follows(simulator: Simulator, noon: str) -> None:
    simulator.sim(f"/accounts/{APPID}/personas", {"count": 200, "days": 30})
    simulator.event(OPENID, type="follow", attempts=1)
    simulator.event("oLeaver", type="scan", scene="store-1", attempts=1)
    simulator.event("oLeaver", type="unfollow", attempts=1)
    day_later(simulator)
    rows = figures(simulator, "getusersummary", noon)
    assert [row["user_source"] for row in rows if row["cancel_user"]] == [30]
    following = simulator.call("/cgi-bin/user/get")["total"]
    assert figures(simulator, "getusercumulate", noon)[0]["cumulate_user"] == following == 201
    before = (date.fromisoformat(noon) - timedelta(days=1)).isoformat()
    earlier = figures(simulator, "getusercumulate", before)[0]["cumulate_user"]
    came, left = total(rows, "new_user", "cancel_user")
    assert earlier + came - left == following


def test_messages_are_counted_by_kind_hour_and_person(simulator: Simulator, noon: str) -> None:
    for number in range(7):
        simulator.event(OPENID, type="text", content=str(number), attempts=1)
    simulator.event("oOther", type="text", content="hi", attempts=1)
    simulator.event("oOther", type="image", attempts=1)
    day_later(simulator)
    assert figures(simulator, "getupstreammsg", noon) == [
        {"ref_date": noon, "msg_type": 1, "msg_user": 2, "msg_count": 8},
        {"ref_date": noon, "msg_type": 2, "msg_user": 1, "msg_count": 1},
    ]
    hours = figures(simulator, "getupstreammsghour", noon)
    assert {row["ref_hour"] for row in hours} == {1200}
    assert total(hours, "msg_count") == [9]
    assert figures(simulator, "getupstreammsgdist", noon) == [
        {"ref_date": noon, "count_interval": 1, "msg_user": 1},
        {"ref_date": noon, "count_interval": 2, "msg_user": 1},
    ]
    week = figures(simulator, "getupstreammsgweek", "2026-02-02")
    assert total(week, "msg_count") == [9]
    assert total(figures(simulator, "getupstreammsgmonth", "2026-02-01"), "msg_count") == [9]


def test_deliveries_are_counted_with_those_that_failed(
    simulator: Simulator, server: AccountServer, noon: str
) -> None:
    simulator.event(OPENID, type="text", content="hi")
    server.answer = lambda pushed: 500
    simulator.event(OPENID, type="text", content="hi")
    day_later(simulator)
    row = figures(simulator, "getinterfacesummary", noon)[0]
    assert (row["callback_count"], row["fail_count"]) == (5, 4)
    assert row["total_time_cost"] >= row["max_time_cost"]
    by_hour = figures(simulator, "getinterfacesummaryhour", noon)
    assert total(by_hour, "callback_count", "fail_count") == [5, 4]


def sent(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/personas", {"count": 500})
    name, _, data = samples.load("image", "")
    cover = simulator.upload("/cgi-bin/material/add_material", name, data, type="image")["media_id"]
    article = {"title": "周末会员日", "content": "<p>来</p>", "thumb_media_id": cover}
    draft = simulator.call("/cgi-bin/draft/add", {"articles": [article]})["media_id"]
    body = {"filter": {"is_to_all": True}, "msgtype": "mpnews", "mpnews": {"media_id": draft}}
    assert simulator.code("/cgi-bin/message/mass/sendall", body) == 0
    for _ in range(100):
        if simulator.get(f"/accounts/{APPID}/ledger")["entries"]:
            return
    raise AssertionError("the mass send does not end")


def test_reads_of_an_article_add_up_over_days_hours_and_sources(simulator: Simulator, noon: str) -> None:
    sent(simulator)
    day_later(simulator, 9)
    article = figures(simulator, "getarticletotal", noon)[0]
    assert article["title"] == "周末会员日"
    assert len(article["details"]) == 7
    last = article["details"][-1]
    assert last["target_user"] == 500
    days = [(date.fromisoformat(noon) + timedelta(days=number)).isoformat() for number in range(7)]
    reads = [figures(simulator, "getuserread", day) for day in days]
    whole = [row for rows in reads for row in rows if row["user_source"] == 99_999_999]
    parts = [row for rows in reads for row in rows if row["user_source"] != 99_999_999]
    assert 0 < last["int_page_read_user"] <= 500
    assert total(whole, "int_page_read_user") == total(parts, "int_page_read_user")
    assert total(whole, "int_page_read_user") == [last["int_page_read_user"]]
    hours = figures(simulator, "getuserreadhour", noon)
    assert total(hours, "int_page_read_count", "share_count") == total(
        [whole[0]], "int_page_read_count", "share_count"
    )
    assert total(figures(simulator, "getusershare", noon), "share_user") == [whole[0]["share_user"]]
    assert total(figures(simulator, "getusersharehour", noon), "share_count") == [whole[0]["share_count"]]


def test_the_newer_calls_return_the_same_reads(simulator: Simulator, noon: str) -> None:
    sent(simulator)
    day_later(simulator)
    old = figures(simulator, "getarticlesummary", noon)[0]
    new = figures(simulator, "getarticleread", noon)[0]
    assert new["msgid"] == old["msgid"]
    assert new["detail"]["read_user"] == old["int_page_read_user"]
    assert total(new["detail"]["read_user_source"], "user_count") == [old["int_page_read_user"]]
    assert figures(simulator, "getarticleshare", noon)[0]["detail"]["share_user"] == old["share_user"]
    biz = figures(simulator, "getbizsummary", noon)[0]["detail"]
    assert (biz["read_user"], biz["send_page_count"]) == (old["int_page_read_user"], 1)
    detail = figures(simulator, "getarticletotaldetail", noon)[0]
    assert (detail["publish_type"], detail["detail_list"][0]["read_user"]) == (0, old["int_page_read_user"])


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        ("2026-02-03", "2026-02-03", 0),
        ("2026-02-04", "2026-02-04", 61501),
        ("2026-02-03", "2026-02-02", 61501),
        ("2026-01-28", "2026-02-03", 0),
        ("2026-01-27", "2026-02-03", 61501),
        ("2014-11-30", "2014-11-30", 61501),
        ("2026-2-3", "2026-02-03", 61500),
        ("yesterday", "2026-02-03", 61500),
        (None, None, 61500),
    ],
)
def test_a_span_has_limits(
    simulator: Simulator, noon: str, begin: str | None, end: str | None, code: int
) -> None:
    asked = {"begin_date": begin, "end_date": end}
    assert simulator.code("/datacube/getusersummary", asked) == code


def test_yesterday_is_counted_from_eight_oclock_on(simulator: Simulator, noon: str) -> None:
    simulator.sim("/clock", {"advance": -5 * 3600})
    yesterday = {"begin_date": "2026-02-03", "end_date": "2026-02-03"}
    assert simulator.code("/datacube/getusersummary", yesterday) == 61503
    simulator.sim("/clock", {"advance": 3600})
    assert simulator.code("/datacube/getusersummary", yesterday) == 0


def test_an_account_that_is_not_verified_has_no_statistics(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "verified": False})
    assert simulator.code("/datacube/getusersummary", {}) == 48001
