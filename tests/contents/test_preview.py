"""A text as it is written, as its editor shows it."""

import re
from typing import Any

import pytest
from django.test import Client

from accounts.followers.models import Follower
from accounts.staff.models import Withheld
from tests.cast import Cast, signed_in

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"


@pytest.fixture
def editor(staff: Cast) -> Client:
    return signed_in(staff.editor)


def looked_at(
    client: Client, staff: Cast, text: str, openid: str = "", offered: str = "remark account date"
) -> dict[str, Any]:
    sent = {"text": text, "openid": openid, "offered": offered}
    answer = client.post(f"/admin/text-preview/?account={staff.ours.pk}", sent)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def bubble_text(payload: dict[str, Any]) -> str:
    found = re.search(r'<span class="bubble-text">(.*?)</span>\s*</div>', payload["html"], re.DOTALL)
    return found[1].strip() if found else ""


def test_for_nobody_a_variable_is_shown_by_its_name(editor: Client, staff: Cast) -> None:
    payload = looked_at(editor, staff, "{remark|朋友}您好，{account}")
    chips = '<span class="text-chip">备注名</span>您好，<span class="text-chip">公众号名称</span>'
    assert bubble_text(payload) == chips


def test_for_a_person_it_reads_as_what_they_will_be_sent(editor: Client, staff: Cast) -> None:
    Follower.objects.create(account=staff.ours, openid=OPENID, remark="王<b>")
    payload = looked_at(editor, staff, '{remark|朋友} <a href="https://a.cn/?r={remark|x}">点</a>', OPENID)
    assert "王&lt;b&gt; " in bubble_text(payload)
    assert 'href="https://a.cn/?r=%E7%8E%8B%3Cb%3E"' in bubble_text(payload)
    Follower.objects.update(remark="")
    assert bubble_text(looked_at(editor, staff, "{remark|朋友}您好", OPENID)) == "朋友您好"


def test_the_length_counts_the_longest_that_can_be_sent(editor: Client, staff: Cast) -> None:
    short = looked_at(editor, staff, "{date}")
    assert short["length"] == "10 字，10 / 2048 字节"
    long = looked_at(editor, staff, "字" * 680 + "{date}")
    assert long["over"]
    assert "请缩短" in " ".join(long["notes"])


def test_what_is_no_variable_and_what_leaves_nothing_is_told(editor: Client, staff: Cast) -> None:
    Follower.objects.create(account=staff.ours, openid=OPENID)
    assert "{姓名} 不是此处可用的变量" in " ".join(looked_at(editor, staff, "{姓名}您好")["notes"])
    empty = looked_at(editor, staff, "{remark|}", OPENID)
    assert empty["html"] == ""
    assert "不会发送" in " ".join(empty["notes"])


def test_a_variable_that_is_not_filled_in_there_is_shown_as_it_is_sent(editor: Client, staff: Cast) -> None:
    payload = looked_at(editor, staff, "前面 {ahead|几} 位")
    assert bubble_text(payload) == "前面 {ahead|几} 位"
    assert "{ahead} 不是此处可用的变量" in " ".join(payload["notes"])
    assert 'class="text-chip"' in bubble_text(looked_at(editor, staff, "{ahead|几} 位", offered="ahead"))


def test_a_remark_that_is_withheld_from_a_role_stays_hidden(editor: Client, staff: Cast) -> None:
    Follower.objects.create(account=staff.ours, openid=OPENID, remark="王女士")
    Withheld.objects.create(account=staff.ours, role="editor", what=Withheld.What.PERSONS)
    assert "王女士" not in looked_at(editor, staff, "{remark|朋友}", OPENID)["html"]


def test_a_follower_of_another_account_is_nobody_here(editor: Client, staff: Cast) -> None:
    Follower.objects.create(account=staff.theirs, openid=OPENID, remark="王女士")
    assert "备注名" in looked_at(editor, staff, "{remark|朋友}", OPENID)["html"]


def test_only_who_may_see_the_account_gets_an_answer(staff: Cast) -> None:
    address = f"/admin/text-preview/?account={staff.ours.pk}"
    assert signed_in(staff.outsider).post(address, {"text": "a"}).status_code == 403
    assert signed_in(staff.auditor).post(address, {"text": "a"}).status_code == 200
    assert signed_in(staff.auditor).get(address).status_code == 405
