import datetime
from collections.abc import Callable
from typing import Any

import pytest

from accounts.official.models import OfficialAccount
from wechat.inbox.models import InboundMessage
from wechat.replies.models import Keyword, Reply, Rule

RuleMaker = Callable[..., Rule]


@pytest.fixture
def rule(account: OfficialAccount) -> RuleMaker:
    """Returns a function that creates a rule of ``keywords`` (texts or pairs) and ``replies``."""

    def make(
        *, keywords: tuple[Any, ...] = (), replies: tuple[Any, ...] = ("好的",), tags: Any = (), **more: Any
    ) -> Rule:
        more = {"account": account, "name": "规则", "trigger": "keyword", **more}
        made = Rule.objects.create(**more)
        made.tags.set(tags)
        for keyword in keywords:
            compare, text = keyword if isinstance(keyword, tuple) else ("contains", keyword)
            Keyword.objects.create(rule=made, compare=compare, text=text)
        for position, reply in enumerate(replies):
            content = {"type": "text", "content": reply} if isinstance(reply, str) else reply
            Reply.objects.create(rule=made, position=position, content=content)
        return made

    return make


@pytest.fixture
def received(account: OfficialAccount) -> Callable[..., InboundMessage]:
    """Returns a function that adds an answered message to the log."""
    numbers = iter(range(1, 100_000))

    def put(xml: str, *, text: str = "", answered_by: str = "", openid: str = "oFollower") -> InboundMessage:
        now = datetime.datetime.now(tz=datetime.UTC)
        return InboundMessage.objects.create(
            account=account,
            key=f"test:{next(numbers)}",
            openid=openid,
            kind="text",
            text=text,
            body=xml,
            sent_at=now,
            received_at=now,
            answered_by=answered_by,
        )

    return put
