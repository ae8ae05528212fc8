"""Tests of the speed at which WeChat delivers mass sends."""

import pytest

from accounts.official.clients import client_for
from accounts.staff.models import AuditEntry
from tests.cast import Cast, signed_in
from tests.simulated import Simulated
from wechat.sdk.calls import mass as api

pytestmark = pytest.mark.django_db

PAGE = "/admin/campaigns/masssend/speed/"


def test_the_page_shows_what_is_set_and_sets_another(staff: Cast, known: Simulated) -> None:
    client = signed_in(staff.owner)
    assert client.get(PAGE).context["now"] == api.Speed(0, 800_000)
    assert client.post(PAGE, {"speed": "4"}).status_code == 302
    assert api.speed(client_for(staff.ours)) == api.Speed(4, 100_000)
    assert "10 万" in AuditEntry.objects.get().words


def test_a_speed_that_is_none_is_refused(staff: Cast, known: Simulated) -> None:
    assert signed_in(staff.owner).post(PAGE, {"speed": "5"}).status_code == 200
    assert api.speed(client_for(staff.ours)).number == 0


def test_what_wechat_says_no_to_is_told(staff: Cast, known: Simulated) -> None:
    known.sim("/faults", {"api": "/cgi-bin/message/mass/speed/set", "errcode": 45083, "times": 1})
    assert "45083" in signed_in(staff.owner).post(PAGE, {"speed": "1"}).content.decode()
    assert not AuditEntry.objects.exists()


def test_who_only_reads_may_look(staff: Cast, known: Simulated) -> None:
    auditor = signed_in(staff.auditor)
    assert auditor.get(PAGE).status_code == 200
    assert auditor.post(PAGE, {"speed": "1"}).status_code == 403
    assert api.speed(client_for(staff.ours)).number == 0
