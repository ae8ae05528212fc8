"""The window in which staff choose a person, as the page asks for it."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from accounts.followers import people, searching
from accounts.followers.handles import handle
from accounts.followers.models import Follower, OwnWeChat, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast, member, signed_in
from tests.console import world

pytestmark = pytest.mark.django_db


def offered(user: User, account: OfficialAccount, **asked: Any) -> list[str]:
    address = reverse("admin:followers_pick")
    answer = signed_in(user).get(address, {"account": account.pk, **asked})
    assert answer.status_code == 200
    return [choice["title"] for choice in answer.json()["choices"]]


def person(account: OfficialAccount, openid: str, days: int | None = None, **known: Any) -> Follower:
    seen = None if days is None else timezone.now() - datetime.timedelta(days=days)
    return Follower.objects.create(account=account, openid=openid, last_seen_at=seen, **known)


def test_who_spoke_last_comes_first_and_oneself_before_everybody(staff: Cast) -> None:
    person(staff.ours, "oOld", 9, remark="早先")
    person(staff.ours, "oNew", 1, remark="刚才")
    person(staff.ours, "oMine", 30, remark="小林")
    person(staff.ours, "oSilent")
    person(staff.theirs, "oTheirs", 0, remark="别家")
    OwnWeChat.objects.create(user=staff.editor, account=staff.ours, openid="oMine")
    assert offered(staff.editor, staff.ours) == ["我（小林）", "刚才", "早先"]
    assert offered(staff.auditor, staff.ours) == ["刚才", "早先", "小林"]


@pytest.mark.parametrize("words", ["王", "小雷", "李雷", "oWanted", handle("oWanted")])
def test_the_search_knows_every_name_and_a_pasted_openid(staff: Cast, words: str) -> None:
    person(staff.ours, "oWanted", remark="老王", nickname="小雷")
    person(staff.ours, "oOther", 1, remark="别人")
    people.give_name(staff.ours.pk, "oWanted", "李雷")
    assert offered(staff.editor, staff.ours, q=words) == ["老王"]


def test_a_part_of_a_name_is_looked_for_in_the_newest_names_only(
    staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types waits for the answer, however many followers have a name."""
    monkeypatch.setattr(searching, "LOOKED_AT", 2)
    for number in range(3):
        person(staff.ours, f"oWanted{number}", number, remark=f"老王{number}")
    assert offered(staff.editor, staff.ours, q="老王") == ["老王1", "老王2"]
    assert offered(staff.editor, staff.ours, q="oWanted0") == ["老王0"]


def test_a_tag_narrows_the_choices(staff: Cast) -> None:
    tag = Tag.objects.create(account=staff.ours, name="VIP")
    person(staff.ours, "oVip", 3, remark="贵宾").tags.add(tag)
    person(staff.ours, "oOther", 1)
    assert offered(staff.editor, staff.ours, tag=tag.pk) == ["贵宾"]


def test_a_telephone_from_an_order_finds_its_buyer_for_those_who_may_see_money(staff: Cast) -> None:
    ours = world.build(staff.ours)
    sale = ours["shop.sale"]
    sale.answers = [["姓名", "李雷"], ["电话", "138 0013 8000"]]
    sale.save()
    Follower.objects.filter(openid=sale.openid).update(remark="买家")
    finance = member("finance", staff.ours, "finance")
    assert offered(finance, staff.ours, q="13800138000") == ["买家"]
    assert offered(staff.owner, staff.ours, q="13800138001") == []
    assert offered(staff.service, staff.ours, q="13800138000") == []


def test_nobody_looks_into_the_people_of_another_account(staff: Cast) -> None:
    address = reverse("admin:followers_pick")
    assert signed_in(staff.outsider).get(address, {"account": staff.ours.pk}).status_code == 403


def test_a_long_list_goes_on_where_it_ended(staff: Cast) -> None:
    for number in range(40):
        person(staff.ours, f"o{number}", number, remark=f"第{number}位")
    answer = signed_in(staff.editor).get(reverse("admin:followers_pick"), {"account": staff.ours.pk})
    first, more = answer.json()["choices"], answer.json()["more"]
    rest = offered(staff.editor, staff.ours, after=more)
    assert [each["title"] for each in first] + rest == [f"第{number}位" for number in range(40)]
