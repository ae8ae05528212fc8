import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.platform import Platform
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.sdk.content import Text

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account", "only_these_handlers"),
]

Deliver = Callable[[str | bytes], Any]


def test_the_first_handler_in_order_that_answers_wins(deliver: Deliver, platform: Platform) -> None:
    routing.answers(order=3, quick=True)(lambda event: Answer("third", Text("3")))
    routing.answers(order=2, quick=True)(lambda event: Answer("second", Text("2")))
    routing.answers(order=1, quick=True)(lambda event: None)
    assert platform.opened(deliver(platform.text("?")).content)["Content"] == "2"
    assert InboundMessage.objects.get().answered_by == "second"


def test_an_answer_over_budget_is_left_for_later(
    deliver: Deliver, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "BUDGET_SECONDS", 0.05)
    let_go = threading.Event()

    @routing.answers(order=1)
    def slow(event: InboundEvent) -> Answer:
        let_go.wait(60)
        return Answer("slow", Text("late"))

    response = deliver(platform.text("?"))
    let_go.set()
    assert response.content == b"success"
    row = InboundMessage.objects.get()
    assert (row.late, row.answer) == (True, None)


def test_a_failing_handler_loses_no_message(
    deliver: Deliver, platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    routing.answers(order=1, quick=True)(lambda event: Answer("broken", Text(str(1 // 0))))
    assert deliver(platform.text("?")).content == b"success"
    assert InboundMessage.objects.get().text == "?"
    assert "answering_failed" in caplog.text


def test_a_text_with_characters_that_postgres_cannot_hold_is_recorded(deliver: Deliver) -> None:
    push = (
        '{"ToUserName":"gh_0123456789ab","FromUserName":"oA","CreateTime":1769907601,'
        '"MsgType":"text","Content":"a\\u0000b\\ud800c","MsgId":1}'
    )
    assert deliver(push).status_code == 200
    assert InboundMessage.objects.get().text == "abc"
