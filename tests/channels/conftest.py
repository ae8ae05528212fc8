from collections.abc import Callable
from typing import Any

import pytest

from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.platform import Platform
from tests.working import react_to_due
from wechat.channels.models import Channel, Code, Welcome

ChannelMaker = Callable[..., Channel]


@pytest.fixture
def channel(account: OfficialAccount) -> ChannelMaker:
    """Returns a function that creates a channel; ``new`` and ``existing`` are welcomes, texts or contents."""

    def make(
        name: str = "一号店", *, new: tuple[Any, ...] = (), existing: tuple[Any, ...] = (), **more: Any
    ) -> Channel:
        code = more.pop("code", {})
        tags = more.pop("tags", ())
        made = Channel.objects.create(**{"account": account, "name": name, **more})
        made.tags.set(tags)
        Code.objects.create(channel=made, **code)
        for audience, texts in (("new", new), ("existing", existing)):
            for position, each in enumerate(texts):
                content = {"type": "text", "content": each} if isinstance(each, str) else each
                Welcome.objects.create(channel=made, audience=audience, position=position, content=content)
        return made

    return make


@pytest.fixture
def arrives(platform: Platform, account: OfficialAccount) -> Callable[..., Any]:
    """Returns a function that pushes an event like the platform, and returns the passive reply."""

    def push(event: str, key: str = "", *, openid: str = "oFollower", at: int | None = None) -> Any:
        xml = platform.event(openid, event, f"<EventKey><![CDATA[{key}]]></EventKey>", at=at)
        sealed = platform.safe(xml)
        answer = post(sealed)
        assert answer.status_code == 200
        return "" if answer.content in (b"", b"success") else platform.opened(answer.content)["Content"]

    return push


@pytest.fixture
def follows(arrives: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function by which a stranger scans the channel's code and follows."""
    return lambda channel, **more: arrives("subscribe", f"qrscene_{channel.scene}", **more)


@pytest.fixture
def scans(arrives: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function by which a follower scans the channel's code."""
    return lambda channel, **more: arrives("SCAN", channel.scene, **more)


@pytest.fixture
def work() -> Callable[[], int]:
    """Returns a function that runs the reactions to arrived messages."""
    return react_to_due
