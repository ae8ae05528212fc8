from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from wechat.desk import threads
from wechat.desk.models import Thread
from wechat.inbox.models import InboundMessage
from wechat.pushes import windows
from wechat.pushes.windows import Trigger

OPENID = "oFollower000000000000000001"

Wrote = Callable[..., Thread]


@pytest.fixture
def wrote(account: OfficialAccount) -> Wrote:
    """Returns a function by which a follower's message arrives, is handled, and allows answers."""

    def write(text: str = "在吗", openid: str = OPENID, **fields: Any) -> Thread:
        row: InboundMessage = message(account, text, openid=openid, **fields)
        threads.note_message(row)
        windows.grant(account, openid, Trigger.MESSAGE, timezone.now())
        return Thread.objects.get(account=account, openid=openid)

    return write


@pytest.fixture
def desk(staff: Cast) -> Client:
    """A client of a member of the service staff with access to the desk."""
    return signed_in(staff.service)
