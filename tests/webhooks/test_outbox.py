"""Tests of webhooks: events reach their subscribers, signed, with retries, and visible to staff."""

import base64
import datetime
import hmac
import json
import re
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import erasing, tagging
from accounts.followers.models import Follower, Tag
from accounts.official.doctor import Level
from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.cast import Cast, signed_in
from tests.locks import met_by, somebody_waits
from tests.platform import Platform
from tests.sdk.platform import Platform as Server
from tests.sdk.platform import Reply, Request, serving
from tests.signed import business_system
from tests.working import react_to_due
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.webhooks import checkup
from wechat.webhooks.models import Delivery, Endpoint, new_secret

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = "/admin/webhooks"
API = "/api/v1/webhook"


class Receiver(Server):
    """The owner's system: keeps what it is told and answers with ``status``."""

    status = 200
    body = b"thank you"
    headers: Mapping[str, str] = {}

    def meanwhile(self) -> object:
        """Is called before the answer; for tests to replace."""

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        self.meanwhile()
        connection.close()
        return Reply(self.body, status=self.status, headers=dict(self.headers))

    @property
    def posted(self) -> list[dict[str, Any]]:
        return [json.loads(request.body) for request in self.requests]


@pytest.fixture
def receiver(settings: Settings) -> Receiver:
    settings.DEBUG = True  # a loopback address is allowed
    return Receiver()


@pytest.fixture
def base(receiver: Receiver) -> Iterator[str]:
    with serving(receiver) as base:
        yield base


@pytest.fixture
def endpoint(base: str, account: OfficialAccount) -> Endpoint:
    wanted = ["message.received", "follower.followed", "follower.left", "menu.tapped"]
    return Endpoint.objects.create(account=account, url=f"{base}/hook", secret="s" * 20, events=wanted)


def arrives(platform: Platform, xml: str) -> None:
    assert post(platform.safe(xml)).status_code == 200
    react_to_due()


def test_what_followers_do_is_told_to_who_subscribed_to_it(
    platform: Platform, endpoint: Endpoint, receiver: Receiver
) -> None:
    arrives(platform, platform.text("你好"))
    arrives(platform, platform.event("oFollower", "subscribe"))
    arrives(platform, platform.event("oFollower", "CLICK", "<EventKey>k</EventKey>"))
    arrives(platform, platform.event("oFollower", "SCAN", "<EventKey>1</EventKey>"))
    arrives(platform, platform.event("oFollower", "unsubscribe"))
    work.run("webhooks.deliver")
    posted = {each["type"]: each["data"] for each in receiver.posted}
    assert set(posted) == set(endpoint.events)
    message = posted["message.received"]
    assert (message["account"], message["openid"], message["text"]) == ("demo", "oFollower", "你好")
    assert work.run("webhooks.deliver") == 0


def test_tags_that_followers_get_and_lose_are_told(
    endpoint: Endpoint, receiver: Receiver, account: OfficialAccount
) -> None:
    Endpoint.objects.update(events=["follower.tagged", "follower.untagged"])
    tag = Tag.objects.create(account=account, name="会员")
    for openid in ("oOne", "oTwo"):
        Follower.objects.create(account=account, openid=openid)
    for _again in range(2):
        tagging.add(tag, Follower.objects.all())
    tagging.remove(tag, Follower.objects.filter(openid="oTwo"))
    work.run("webhooks.deliver")
    posted = sorted(
        (each["type"], each["data"]["openid"], each["data"]["tag"]["name"]) for each in receiver.posted
    )
    assert posted == [
        ("follower.tagged", "oOne", "会员"),
        ("follower.tagged", "oTwo", "会员"),
        ("follower.untagged", "oTwo", "会员"),
    ]


def test_an_account_hears_nothing_of_another(platform: Platform, endpoint: Endpoint, staff: Cast) -> None:
    Endpoint.objects.update(account=staff.theirs)
    arrives(platform, platform.text("你好"))
    assert not Delivery.objects.exists()


def test_a_receiver_that_fails_for_days_is_switched_off_and_staff_are_told(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, account: OfficialAccount
) -> None:
    receiver.status = 500
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        for hours in range(0, 4 * 24, 3):
            clock.move_to(began + datetime.timedelta(hours=hours))
            arrives(platform, platform.text(f"第 {hours} 小时"))
            work.run("webhooks.deliver")
        endpoint.refresh_from_db()
        assert not endpoint.enabled
        (finding,) = checkup.endpoints(account)
        asked = len(receiver.requests)
        clock.move_to(began + datetime.timedelta(days=6))
        arrives(platform, platform.text("后来"))
        work.run("webhooks.deliver")
    assert finding.level is Level.FAULT
    assert len(receiver.requests) == asked
    assert not Delivery.objects.filter(state="waiting").exists()


def test_two_failures_days_apart_switch_no_receiver_off(
    platform: Platform, endpoint: Endpoint, receiver: Receiver
) -> None:
    """A keyword that is rarely used, say: nothing was tried in between."""
    receiver.status = 500
    for days in (0, 4):
        with time_machine.travel(timezone.now() + datetime.timedelta(days=days), tick=False):
            arrives(platform, platform.text(f"第 {days} 天"))
            work.run("webhooks.deliver")
            Delivery.objects.update(due_at=None, state="delivered")
    endpoint.refresh_from_db()
    assert (endpoint.enabled, len(receiver.requests)) == (True, 2)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("3", 10),
        ("90", 90),
        ("Thu, 01 Jan 2026 00:02:00 GMT", 120),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 10),
        ("9" * 400, 12 * 3600),
        ("in a while", 10),
    ],
)
def test_a_receiver_is_left_alone_for_as_long_as_it_asks_for_but_half_a_day_at_most(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, asked: str, seconds: int
) -> None:
    receiver.status, receiver.headers = 429, {"Retry-After": asked}
    with time_machine.travel(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), tick=False):
        arrives(platform, platform.text("你好"))
        work.run("webhooks.deliver")
        due_at = Delivery.objects.values_list("due_at", flat=True).get()
        assert due_at == timezone.now() + datetime.timedelta(seconds=seconds)


def test_a_receiver_that_is_gone_is_switched_off_at_once(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, account: OfficialAccount
) -> None:
    """So does Standard Webhooks want it: 410 is for good."""
    receiver.status, receiver.body = 410, b""
    for text in ("一", "二"):
        arrives(platform, platform.text(text))
        work.run("webhooks.deliver")
    endpoint.refresh_from_db()
    assert (endpoint.enabled, len(receiver.requests)) == (False, 1)
    refused = Delivery.objects.get()
    assert (refused.state, refused.error) == ("failed", "HTTP 410"), "an empty error is of one switched off"
    (finding,) = checkup.endpoints(account)
    assert finding.level is Level.FAULT


def test_what_a_former_address_answers_does_not_switch_the_new_one_off(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_address = partial(Endpoint.objects.update, url="https://new.example.com/")
    receiver.status = 410
    monkeypatch.setattr(receiver, "meanwhile", new_address)
    arrives(platform, platform.text("一"))
    work.run("webhooks.deliver")
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.failing_since) == (True, None)


def test_staff_are_told_of_a_systems_own_receiver_that_was_switched_off(
    account: OfficialAccount, base: str
) -> None:
    system = business_system(account, scopes=["webhooks:write"])
    system.put(API, {"url": f"{base}/system", "events": ["message.received"]})
    Endpoint.objects.update(enabled=False, failing_since=timezone.now(), switched_off_at=timezone.now())
    (finding,) = checkup.endpoints(account)
    assert finding.level is Level.FAULT
    assert "重新订阅" in str(finding.next_step)


def test_a_receiver_that_takes_something_now_and_then_stays(
    platform: Platform, endpoint: Endpoint, receiver: Receiver
) -> None:
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        for day in range(6):
            receiver.status = 200 if day == 2 else 500
            clock.move_to(began + datetime.timedelta(days=day))
            arrives(platform, platform.text(f"第 {day} 天"))
            work.run("webhooks.deliver")
    endpoint.refresh_from_db()
    assert endpoint.enabled


def test_a_receiver_that_was_away_for_seconds_hears_of_everything_with_the_next_attempt(
    platform: Platform, endpoint: Endpoint, receiver: Receiver
) -> None:
    """The circuit opens for five seconds, at whose end nothing is due: the attempts come after ten."""
    reached = endpoint.url
    Endpoint.objects.update(url="http://127.0.0.1:1/hook")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for number in range(3):
            arrives(platform, platform.text(str(number)))
        work.run("webhooks.deliver")
        assert Hold.objects.get().until
        Endpoint.objects.update(url=reached)
        for _second in range(11):
            clock.shift(1)
            work.run("webhooks.deliver")
    assert sorted(each["data"]["text"] for each in receiver.posted) == ["0", "1", "2"]
    assert not Hold.objects.exists()


def test_what_cannot_be_signed_waits_without_losing_an_attempt_until_it_can(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, staff: Cast, account: OfficialAccount
) -> None:
    lost = b"lost.from another installation"
    kept = Endpoint.objects.values_list("secret", flat=True).get()
    arrives(platform, platform.text("你好"))
    Endpoint.objects.update(secret=lost)
    owner, page = signed_in(staff.owner), f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    began = timezone.now()
    with time_machine.travel(began, tick=False) as clock:
        for day in range(5):
            clock.move_to(began + datetime.timedelta(days=day))
            work.run("webhooks.deliver")
        waiting = Delivery.objects.get()
        assert (waiting.state, waiting.attempts, receiver.requests) == ("waiting", 0, [])
        told = owner.get(page, headers={"Accept-Language": "en"}).content.decode()
        assert "opens the signing secret, so nothing is posted" in told
        assert "webhooks.unsigned" in owner.get("/admin/todo/counts/").content.decode()
        (finding,) = checkup.unsigned(account)
        assert (finding.level, endpoint.url in str(finding.sentence)) == (Level.FAULT, True)
        Endpoint.objects.update(secret=kept)
        clock.shift(datetime.timedelta(hours=2))
        work.run("webhooks.deliver")
    assert len(receiver.requests) == 1
    assert not [*Hold.objects.all(), *checkup.unsigned(account)]


def test_a_new_secret_has_what_waited_for_one_go_on(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, staff: Cast
) -> None:
    arrives(platform, platform.text("你好"))
    Endpoint.objects.update(secret=b"lost.from another installation")
    work.run("webhooks.deliver")
    signed_in(staff.owner).post(f"{ADMIN}/endpoint/{endpoint.pk}/secret/")
    work.run("webhooks.deliver")
    assert [each["type"] for each in receiver.posted] == ["message.received"]


def test_what_was_sent_about_a_person_is_erased_with_them(
    platform: Platform, endpoint: Endpoint, account: OfficialAccount
) -> None:
    arrives(platform, platform.text("我的电话是 13800000000"))
    assert Delivery.objects.exists()
    erasing.erase(Follower.objects.get(account=account, openid="oFollower"))
    assert not Delivery.objects.exists()


# --- pages


def test_staff_add_an_endpoint_and_see_its_secret_once(staff: Cast, base: str, receiver: Receiver) -> None:
    owner = signed_in(staff.owner)
    fields = {"account": staff.ours.pk, "url": f"{base}/hook", "events": ["order.paid"], "enabled": "on"}
    page = owner.post(f"{ADMIN}/endpoint/add/", fields)
    endpoint = Endpoint.objects.get()
    secret = str(endpoint.secret)
    assert secret in page.content.decode()
    assert secret not in owner.get(f"{ADMIN}/endpoint/{endpoint.pk}/change/").content.decode()
    answer = owner.post(f"{ADMIN}/endpoint/{endpoint.pk}/sample/", {"event": "order.paid"}).content.decode()
    (request,) = receiver.requests
    assert json.loads(request.body)["data"]["sample"] is True
    assert "order.paid" in answer
    signed = (
        f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    )
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    owner.post(f"{ADMIN}/endpoint/{endpoint.pk}/secret/")
    endpoint.refresh_from_db()
    assert str(endpoint.secret) != secret


def test_staff_send_a_delivery_again_as_the_same_message(
    platform: Platform, endpoint: Endpoint, receiver: Receiver, staff: Cast
) -> None:
    arrives(platform, platform.text("你好"))
    work.run("webhooks.deliver")
    delivery = Delivery.objects.get()
    owner = signed_in(staff.owner)
    assert owner.get(f"{ADMIN}/delivery/").status_code == 200
    page = owner.get(f"{ADMIN}/delivery/{delivery.pk}/change/").content.decode()
    assert delivery.message_id in page
    owner.post(f"{ADMIN}/delivery/", {"action": "send_again", "_selected_action": [delivery.pk]})
    work.run("webhooks.deliver")
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


@pytest.mark.parametrize("who", ["editor", "service", "auditor", "outsider", "nobody"])
def test_only_who_may_change_settings_changes_endpoints(
    endpoint: Endpoint, receiver: Receiver, staff: Cast, who: str
) -> None:
    client = signed_in(getattr(staff, who))
    for page in ("sample", "secret"):
        answer = client.post(f"{ADMIN}/endpoint/{endpoint.pk}/{page}/", {"event": "order.paid"})
        assert answer.status_code in (302, 403, 404)
    assert receiver.requests == []
    endpoint.refresh_from_db()
    assert endpoint.secret == "s" * 20


def test_an_endpoint_that_is_switched_on_again_begins_anew(endpoint: Endpoint, staff: Cast) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=9)
    Endpoint.objects.update(enabled=False, failing_since=long_ago, switched_off_at=long_ago)
    fields = {"url": endpoint.url, "events": endpoint.events, "enabled": "on"}
    signed_in(staff.owner).post(f"{ADMIN}/endpoint/{endpoint.pk}/change/", fields)
    endpoint.refresh_from_db()
    assert (endpoint.enabled, endpoint.failing_since, endpoint.switched_off_at) == (True, None, None)


def test_a_new_address_has_what_waited_for_the_previous_one_go_on(endpoint: Endpoint, staff: Cast) -> None:
    now = timezone.now()
    until = now + datetime.timedelta(minutes=10)
    Hold.objects.create(work="webhooks.deliver", subject=endpoint.pk, cause="away", since=now, until=until)
    owner, page = signed_in(staff.owner), f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    fields = {"url": endpoint.url, "events": endpoint.events, "enabled": "on"}
    owner.post(page, fields)
    assert Hold.objects.exists()
    owner.post(page, {**fields, "url": "https://new.example.com/"})
    assert not Hold.objects.exists()


# --- business systems


def test_a_business_system_subscribes_by_itself(
    platform: Platform, account: OfficialAccount, base: str, receiver: Receiver
) -> None:
    system = business_system(account, scopes=["webhooks:write"])
    asked = {"url": f"{base}/crm", "events": ["message.received"]}
    secret = system.put(API, asked).json()["secret"]
    assert secret.startswith("whsec_")
    assert system.get(API).json() == asked
    arrives(platform, platform.text("你好"))
    work.run("webhooks.deliver")
    assert [each["type"] for each in receiver.posted] == ["message.received"]
    assert system.delete(API).status_code == 204
    arrives(platform, platform.text("还在吗"))
    work.run("webhooks.deliver")
    assert len(receiver.requests) == 1


def test_a_receiver_may_get_its_new_secret_later_as_the_previous_one_signs_for_a_day_too(
    endpoint: Endpoint, staff: Cast, platform: Platform, receiver: Receiver
) -> None:
    owner, page = signed_in(staff.owner), f"{ADMIN}/endpoint/{endpoint.pk}/secret/"
    previous, new = (re.findall(r"whsec_[A-Za-z0-9+/=]+", owner.post(page).content.decode())[0] for _ in "12")
    with time_machine.travel(timezone.now(), tick=False) as clock:
        arrives(platform, platform.text("你好"))
        work.run("webhooks.deliver")
        clock.shift(datetime.timedelta(hours=25))
        arrives(platform, platform.text("还在吗"))
        work.run("webhooks.deliver")
    first, second = receiver.requests
    assert [is_signed(first, secret) for secret in (new, previous)] == [True, True]
    assert [is_signed(second, secret) for secret in (new, previous)] == [True, False]


def test_of_two_new_secrets_made_at_one_moment_both_sign(endpoint: Endpoint, staff: Cast) -> None:
    former = endpoint.secret

    def renew() -> None:
        try:
            signed_in(staff.owner).post(f"{ADMIN}/endpoint/{endpoint.pk}/secret/")
        finally:
            connection.close()

    colleague = threading.Thread(target=renew)
    with transaction.atomic():
        mine = Endpoint.objects.select_for_update().get()
        mine.replace_secret("secret", new_secret())
        mine.save(update_fields=["secret", "previous_secrets"])
        colleague.start()
        while colleague.is_alive() and not somebody_waits():
            pass
    colleague.join()
    assert list(Endpoint.objects.get().valid_secrets())[1:] == [mine.secret, former]


def test_a_system_that_subscribes_again_has_its_new_secret_from_the_answer(
    account: OfficialAccount, base: str, platform: Platform, receiver: Receiver
) -> None:
    system = business_system(account, scopes=["webhooks:write"])
    wanted = {"url": f"{base}/system", "events": ["message.received"]}
    previous, new = (system.put(API, wanted).json()["secret"] for _twice in range(2))
    arrives(platform, platform.text("你好"))
    work.run("webhooks.deliver")
    (request,) = receiver.requests
    assert [is_signed(request, secret) for secret in (new, previous)] == [True, False]


def test_of_two_first_subscriptions_at_one_moment_both_are_answered_and_the_later_counts(
    account: OfficialAccount,
) -> None:
    system = business_system(account, scopes=["webhooks:write"])
    wanted = {"url": "https://crm.example.com/hook", "events": ["message.received"]}
    answers = met_by(
        lambda: system.put(API, {**wanted, "url": "https://crm.example.com/first"}),
        lambda: system.put(API, wanted),
    )
    assert [answer.status_code for answer in answers] == [200]
    assert system.get(API).json() == wanted
    assert Endpoint.objects.get().secret == answers[0].json()["secret"]


def is_signed(request: Request, secret: str) -> bool:
    """Verifies as a receiver does: the right signature is one of several."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return f"v1,{right}" in headers["webhook-signature"].split(" ")


def test_an_event_that_there_is_not_is_refused_with_those_that_are(account: OfficialAccount) -> None:
    system = business_system(account, scopes=["webhooks:write"])
    answer = system.put(API, {"url": "https://crm.example.com/", "events": ["moon.full"]})
    assert answer.status_code == 400
    assert "order.paid" in answer.content.decode()
    assert business_system(account, scopes=["push:read"]).get(API).status_code == 403


def test_a_receiver_that_is_away_is_shown_and_goes_on_by_a_button(staff: Cast) -> None:
    endpoint = Endpoint.objects.create(
        account=staff.ours, url="https://shop.example.com/", secret="whsec_eA=="
    )
    other = Endpoint.objects.create(account=staff.ours, url="https://crm.example.com/", secret="whsec_eA==")
    now = timezone.now()
    for each in (endpoint, other):
        Hold.objects.create(
            work="webhooks.deliver", subject=each.pk, cause="away", since=now,
            until=now + datetime.timedelta(minutes=10),
        )  # fmt: skip
    owner, page = signed_in(staff.owner), f"{ADMIN}/endpoint/{endpoint.pk}/change/"
    go_on = f"{ADMIN}/endpoint/{endpoint.pk}/go-on/"
    assert go_on in owner.get(page).content.decode()
    assert signed_in(staff.auditor).post(go_on, {"account": staff.ours.pk}).status_code == 403
    owner.post(go_on, {"account": staff.ours.pk})
    assert list(Hold.objects.values_list("subject", flat=True)) == [other.pk]
    assert go_on not in owner.get(page).content.decode()
