"""The value for a message that a business system asks for, used before the message is a row."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from accounts.official.models import OfficialAccount
from wechat.pushes.models import Push


@dataclass(frozen=True, slots=True)
class RequestedPush:
    """A requested push that has no row yet; it has the attributes of a pending ``Push``."""

    account: OfficialAccount
    openid: str
    kind: str
    template: str
    content: Mapping[str, Any]
    key: str
    due_at: datetime.datetime
    created_at: datetime.datetime
    trace: str
    pk: ClassVar[None] = None
    state: ClassVar[str] = Push.State.PENDING
    reason: ClassVar[str] = ""
    errcode: ClassVar[None] = None
    sent_at: ClassVar[None] = None
