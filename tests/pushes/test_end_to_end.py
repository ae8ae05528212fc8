"""Tests from a phone of the simulator to its ledger: the messages that a follower receives."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from accounts.official.models import OfficialAccount
from tests.callbacks import served
from tests.conftest import APPID
from tests.simulated import Simulated
from tests.working import react_to_due, react_to_late, send_due
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.pushes import handlers
from wechat.pushes.models import Push
from wechat.sdk.content import Text
from wechat.sdk.messages import Unsubscribe

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Phone:
    """One follower in the simulator."""

    base: str
    openid: str = "oPhoneOfSomebody"

    def does(self, **deed: Any) -> Any:
        return self.sim(f"/accounts/{APPID}/events/{self.openid}", deed)

    def received(self) -> list[tuple[str, str]]:
        ledger = requests.get(f"{self.base}/_sim/accounts/{APPID}/ledger?openid={self.openid}", timeout=30)
        return [(entry["via"], entry["content"]["content"]) for entry in ledger.json()["entries"]]

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        answer = requests.post(f"{self.base}/_sim{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def phone(simulated: Simulated, account: OfficialAccount) -> Iterator[Phone]:
    with served() as address:
        simulated.create_account(account, callback_url=f"{address}{account.callback_path}")
        yield Phone(simulated.base)


@pytest.fixture(autouse=True)
def ready() -> Iterator[threading.Event]:
    """An event for which the answer to ``slow`` waits; whoever writes a number gets that many texts."""
    finished = threading.Event()
    with routing.replaced():
        routing.reacts()(handlers.open_window)
        routing.reacts(Unsubscribe)(handlers.close_windows)
        routing.reacts()(handlers.answer_late)
        routing.reacts()(handlers.send_further_answers)

        @routing.answers(order=1)
        def count(event: InboundEvent) -> Answer | None:
            if event.message.text == "slow":
                finished.wait(60)
                return Answer("test:slow", Text("久等了"))
            if not event.message.text.isdecimal():
                return None
            first, *rest = (Text(str(number)) for number in range(int(event.message.text)))
            return Answer("test:count", first, later=tuple(rest))

        yield finished
    finished.set()


def work() -> None:
    react_to_due()
    react_to_late()
    send_due()


def test_further_answers_reach_the_follower_once_and_in_order(phone: Phone) -> None:
    phone.does(type="text", content="4")
    work()
    InboundMessage.objects.update(due_at=InboundMessage.objects.get().received_at)
    work()
    passive, *rest = phone.received()
    assert passive[1] == "0"
    assert [text for _, text in rest] == ["1", "2", "3"]


def test_a_late_answer_comes_as_a_customer_service_message(
    phone: Phone, ready: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "BUDGET_SECONDS", 0.2)
    phone.does(type="text", content="slow")
    assert phone.received() == []
    ready.set()
    work()
    assert [text for _, text in phone.received()] == ["久等了"]
    assert InboundMessage.objects.get().answered_by == "test:slow"


def test_our_ledger_and_the_platform_agree_on_how_many_are_allowed(phone: Phone) -> None:
    phone.does(type="text", content="8")
    work()
    assert len(phone.received()) == 1 + 5
    skipped = Push.objects.filter(state=Push.State.SKIPPED)
    assert [(push.reason, push.errcode) for push in skipped] == [(Push.Reason.NO_WINDOW, None)] * 2


def test_who_left_before_the_further_answers_gets_none(phone: Phone) -> None:
    phone.does(type="text", content="3")
    phone.does(type="unfollow")
    work()
    assert [text for _, text in phone.received()] == ["0"]
    assert {push.state for push in Push.objects.all()} == {Push.State.SKIPPED}


def test_an_answer_that_is_lost_leaves_one_message_there_and_one_uncertain_push_here(phone: Phone) -> None:
    phone.does(type="text", content="2")
    phone.sim("/faults", {"api": "/cgi-bin/message/custom/send", "drop_answer": True, "times": 1})
    work()
    work()
    assert [text for _, text in phone.received()] == ["0", "1"]
    assert Push.objects.get().state == Push.State.UNCERTAIN


def test_a_token_that_ended_elsewhere_costs_no_message(phone: Phone) -> None:
    phone.does(type="text", content="2")
    work()
    phone.sim(f"/accounts/{APPID}/tokens/invalidate", {})
    phone.does(type="text", content="2")
    work()
    assert [text for _, text in phone.received()] == ["0", "1", "0", "1"]


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_an_account_that_gets_its_pushes_in_json_is_answered_as_the_platform_wants_it(
    phone: Phone, account: OfficialAccount, mode: str
) -> None:
    account.mode = mode
    account.save()
    phone.sim("/accounts", {"appid": APPID, "format": "json", "mode": mode})
    phone.does(type="text", content="1")
    assert phone.received() == [("passive", "0")]
