"""The industries of an account, read and changed at the platform."""

import pytest
from django.test import Client

from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.simulated import Simulated

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("known")]

PAGE = "/admin/pushes/template/industry/"
CHOSEN = {"first": "10", "second": "31"}
OLD = {"kind": "template", "content": "门店:{{keyword1.DATA}}\n"}


def industries(known: Simulated, staff: Cast) -> list[int]:
    found: list[int] = known.get("/state")["accounts"][staff.ours.appid]["industries"]
    return found


def test_the_page_says_what_they_are(owner: Client) -> None:
    assert "文体娱乐 · 体育" in owner.get(PAGE).content.decode()


def test_nothing_is_changed_before_it_is_agreed_to(owner: Client, known: Simulated, staff: Cast) -> None:
    asked = owner.post(PAGE, CHOSEN).content.decode()
    assert "餐饮 · 餐饮" in asked
    assert 'name="sure"' in asked
    assert industries(known, staff) == [31, 38]


def test_changing_them_takes_the_left_ones_templates_along(
    owner: Client, known: Simulated, staff: Cast
) -> None:
    templates = [
        {**OLD, "template_id": "left", "title": "赛事", "industry": 38},
        {**OLD, "template_id": "kept", "title": "购买", "industry": 31},
        {**OLD, "template_id": "today", "title": "预约"},
    ]
    known.sim(f"/accounts/{staff.ours.appid}/templates", {"templates": templates})
    assert owner.post(PAGE, {**CHOSEN, "sure": "1"}).status_code == 302
    assert industries(known, staff) == [10, 31]
    assert set(known.get("/state")["accounts"][staff.ours.appid]["templates"]) == {"kept", "today"}
    assert AuditEntry.objects.filter(note__contains="餐饮").exists()


def test_the_second_change_of_a_month_is_refused_in_words(
    owner: Client, known: Simulated, staff: Cast
) -> None:
    owner.post(PAGE, {**CHOSEN, "sure": "1"})
    html = owner.post(PAGE, {"first": "1", "second": "2", "sure": "1"}).content.decode()
    assert "43100" in html
    assert industries(known, staff) == [10, 31]
    known.sim("/clock", {"advance": 32 * 86_400})
    assert owner.post(PAGE, {"first": "1", "second": "2", "sure": "1"}).status_code == 302


@pytest.mark.parametrize("chosen", [{"first": "10", "second": "10"}, {"first": "42", "second": "1"}, {}])
def test_a_choice_that_cannot_be_is_refused(
    owner: Client, known: Simulated, staff: Cast, chosen: dict[str, str]
) -> None:
    assert owner.post(PAGE, {**chosen, "sure": "1"}).status_code == 200
    assert industries(known, staff) == [31, 38]


def test_it_is_for_those_who_may_send(staff: Cast, known: Simulated) -> None:
    assert signed_in(staff.auditor).get(PAGE).status_code == 403
    assert signed_in(staff.service).post(PAGE, {**CHOSEN, "sure": "1"}).status_code == 403
    assert industries(known, staff) == [31, 38]
