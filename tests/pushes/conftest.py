import itertools
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.sdk.platform import APPID, Platform, Reply, Request, answer, serving
from wechat.inbox.models import InboundMessage
from wechat.kernel import exposition
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue
from wechat.pushes.windows import Trigger
from wechat.sdk.content import Text

SEND = "/cgi-bin/message/custom/send"
OK = answer(errcode=0, errmsg="ok")

_numbers = itertools.count(1)


class WeChat(Platform):
    """The platform's API, with the messages that followers received and the answers to sends."""

    def __init__(self) -> None:
        super().__init__()
        self.received: list[tuple[str, str]] = []
        self.answers: Callable[[str, str], Reply] = lambda openid, text: OK
        self.routes[SEND] = self._send

    def _send(self, request: Request) -> Reply:
        body = json.loads(request.body)
        sent = (body["touser"], body["text"]["content"])
        reply = self.answers(*sent)
        if reply == OK or reply.status == 0:
            self.received.append(sent)
        return reply


@pytest.fixture
def wechat(settings: Settings, account: OfficialAccount) -> Iterator[WeChat]:
    account.appid = APPID
    account.save()
    platform = WeChat()
    with serving(platform) as settings.WECHAT_API_BASE:
        yield platform


@pytest.fixture
def wrote(account: OfficialAccount) -> Callable[..., None]:
    """Returns a function that opens the send window, as if the follower had just written."""

    def write(openid: str = "oA", at: datetime | None = None) -> None:
        windows.grant(account, openid, Trigger.MESSAGE, at or timezone.now())

    return write


def planned(push: Push, at: datetime | None) -> Push:
    """Has a queued message wait until that time; ``None`` leaves it due."""
    if at is not None:
        push.due_at = at
        push.save(update_fields=["due_at"])
    return push


@pytest.fixture
def asked(account: OfficialAccount) -> Callable[..., Push]:
    """Returns a function that queues a text."""

    def ask(text: str = "你好", openid: str = "oA", **more: Any) -> Push:
        key, at = more.pop("key", f"test:{next(_numbers)}"), more.pop("at", None)
        push = queue(account=account, openid=openid, content=Text(text), key=key, **more)
        return planned(push, at)

    return ask


@pytest.fixture
def recorded(account: OfficialAccount) -> Callable[..., InboundMessage]:
    """Returns a function that creates a message in the log like a callback, due to be handled."""

    def record(body: str, **more: Any) -> InboundMessage:
        row = InboundMessage(account=account, key=f"test:{next(_numbers)}", openid="oA", body=body)
        row.kind, row.event = row.message.kind, row.message.event
        row.sent_at = more.pop("sent_at", timezone.now())
        row.received_at = row.due_at = timezone.now()
        for name, value in more.items():
            setattr(row, name, value)
        row.save()
        return row

    return record


def oldest_send() -> float:
    """Returns how long the oldest sendable push has been due, in seconds."""
    metrics = {metric.name: metric for metric in exposition.GAUGES.get("work").read()}
    (age,) = (
        sample.value
        for sample in metrics["wechat_work_oldest_seconds"].samples
        if sample.labels["work"] == "pushes.send"
    )
    return age
