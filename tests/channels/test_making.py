"""Codes that are asked for at the platform, by the worker."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.channels.conftest import ChannelMaker
from tests.conftest import APPID
from tests.simulated import Simulated
from wechat.channels import code_status, making
from wechat.channels.models import Channel, Code
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "/cgi-bin/qrcode/create"
State = Code.State


@pytest.fixture(autouse=True)
def wechat(simulated: Simulated, settings: Settings, account: OfficialAccount, tmp_path: Path) -> Simulated:
    settings.WECHAT_MP_BASE = simulated.base
    settings.MEDIA_ROOT = tmp_path
    simulated.create_account(account)
    return simulated


@pytest.fixture(autouse=True)
def _at_full_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "PER_SECOND", 1e9)


@pytest.fixture
def refuse(wechat: Simulated) -> Callable[..., None]:
    def to(api: str = CREATE, **fault: Any) -> None:
        wechat.sim("/faults", {"api": api, **fault})

    return to


def codes_there(wechat: Simulated) -> list[dict[str, Any]]:
    listed = requests.get(f"{wechat.base}/phone/{APPID}/x/codes", timeout=30).json()["codes"]
    return [dict(each) for each in listed]


def again(code: Code) -> Code:
    """Makes a code due, and lets the worker take it; returns its row as it then is."""
    Code.objects.filter(pk=code.pk, due_at__isnull=False).update(due_at=timezone.now())
    work.run("channels.make_codes")
    return Code.objects.get(pk=code.pk)


def test_a_permanent_code_is_made_with_our_scene_and_its_picture_kept(
    wechat: Simulated, channel: ChannelMaker
) -> None:
    shop = channel()
    work.run("channels.make_codes")
    code = Code.objects.get()
    assert (code.state, code.due_at, code.expires_at) == (State.READY, None, None)
    (there,) = codes_there(wechat)
    assert (there["scene"], there["ticket"], there["ends_at"]) == (shop.scene, code.ticket, None)
    assert Path(code.picture.path).read_bytes().startswith(b"\xff\xd8\xff")


def test_a_temporary_code_ends_when_the_platform_says(channel: ChannelMaker) -> None:
    channel(lifetime="temporary", days=7)
    work.run("channels.make_codes")
    code = Code.objects.get()
    assert code.made_at is not None
    assert code.expires_at == code.made_at + datetime.timedelta(days=7)


def test_a_renewed_code_keeps_its_scene_and_replaces_the_former_picture(
    wechat: Simulated, channel: ChannelMaker, tmp_path: Path
) -> None:
    shop = channel(lifetime="temporary")
    work.run("channels.make_codes")
    former = Code.objects.get()
    making.make_again(former)
    waiting = Code.objects.get()
    assert (waiting.state, waiting.ticket) == (State.WAITING, former.ticket)
    work.run("channels.make_codes")
    renewed = Code.objects.get()
    assert renewed.ticket != former.ticket
    assert {each["scene"] for each in codes_there(wechat)} == {shop.scene}
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [Path(str(renewed.picture.name)).name]


def test_a_refusal_fails_the_code_with_its_reason_until_somebody_tries_again(
    channel: ChannelMaker, refuse: Callable[..., None]
) -> None:
    refuse(errcode=40053, times=1)
    shop = channel()
    work.run("channels.make_codes")
    failed = Code.objects.get()
    assert (failed.state, failed.errcode, failed.due_at) == (State.FAILED, 40053, None)
    shop.refresh_from_db()
    assert "40053" in code_status.of(shop).problem
    making.make_again(failed)
    work.run("channels.make_codes")
    assert Code.objects.get().state == State.READY


@pytest.mark.parametrize(
    "fault", [{"errcode": -1}, {"errcode": 45011}, {"drop_answer": True}, {"http_status": 502}]
)
def test_what_may_work_later_is_tried_again(
    channel: ChannelMaker, refuse: Callable[..., None], fault: dict[str, Any]
) -> None:
    refuse(times=1, **fault)
    channel()
    work.run("channels.make_codes")
    code = Code.objects.get()
    assert code.state == State.WAITING
    assert work.run("channels.make_codes") == 0
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2), tick=False):
        assert again(code).state == State.READY


def test_a_used_up_day_holds_back_all_codes_of_the_account(
    wechat: Simulated, channel: ChannelMaker, refuse: Callable[..., None]
) -> None:
    refuse(errcode=45009)
    for name in "一二三":
        channel(name)
    work.run("channels.make_codes")
    assert set(Code.objects.values_list("state", "attempts")) == {(State.WAITING, 0)}
    assert work.run("channels.make_codes") == 0
    calls = requests.get(f"{wechat.base}/_sim/calls", timeout=30).json()
    assert str(calls).count(CREATE) >= 1
    assert codes_there(wechat) == []


def test_without_its_picture_a_code_is_ready_all_the_same(channel: ChannelMaker, settings: Settings) -> None:
    settings.WECHAT_MP_BASE = "http://127.0.0.1:9"
    shop = channel()
    code = Code.objects.get()
    for _attempt in range(len(work.RETRY) + 2):
        code = again(code)
    assert (code.state, bool(code.url), bool(code.picture)) == (State.READY, True, False)
    shop.refresh_from_db()
    assert code_status.of(shop).kind == "good"
    assert code_status.of(shop).problem


def test_a_disabled_account_asks_for_nothing(account: OfficialAccount, channel: ChannelMaker) -> None:
    channel()
    account.enabled = False
    account.save()
    assert not work.KINDS.get("channels.make_codes").is_due()
    assert work.run("channels.make_codes") == 0


def test_an_expired_code_says_what_to_do(channel: ChannelMaker) -> None:
    over = timezone.now() - datetime.timedelta(minutes=1)
    made = {"state": "ready", "ticket": "t", "url": "u", "due_at": None, "expires_at": over}
    shop = channel(lifetime="temporary", code=made)
    shown = code_status.of(Channel.objects.get(pk=shop.pk))
    assert shown.kind == "bad"
    assert shown.problem
