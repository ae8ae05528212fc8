"""The row of a callback on its way into Postgres, or into the spool while Postgres is away."""

import datetime
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Self

from django.utils import timezone

from accounts.models import OfficialAccount
from wechat.inbox.models import InboundMessage, malformed_key
from wechat.inbox.routing import Answer
from wechat.sdk.content import to_dict
from wechat.sdk.messages import Message

# `json.dumps` with an option makes an encoder each time.
ENCODER = json.JSONEncoder(ensure_ascii=False)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class Record:
    """One message and the answer worked out for it; times are ISO 8601 with zone."""

    account_id: int
    key: str
    openid: str
    kind: str
    event: str
    text: str
    body: str
    sent_at: str
    received_at: str
    answer: dict[str, Any] | None = None
    later: list[dict[str, Any]] | None = None
    answered_by: str = ""
    late: bool = False

    @classmethod
    def of(cls, account: OfficialAccount, message: Message, body: bytes) -> Self:
        return cls(
            account_id=account.pk,
            key=_fitting(message.key, 255),
            openid=_fitting(message.openid, 64),
            kind=_storable(message.kind)[:40],
            event=_storable(message.event)[:64],
            text=_storable(message.text or message.event_key),
            body=_storable(body.decode()),
            sent_at=datetime.datetime.fromtimestamp(message.create_time, tz=datetime.UTC).isoformat(),
            received_at=timezone.now().isoformat(),
        )

    @classmethod
    def malformed(cls, account: OfficialAccount, body: bytes) -> Self:
        now = timezone.now().isoformat()
        return cls(
            account_id=account.pk,
            key=malformed_key(body),
            openid="",
            kind=InboundMessage.MALFORMED,
            event="",
            text="",
            body=_storable(body.decode(errors="backslashreplace")),
            sent_at=now,
            received_at=now,
        )

    def answer_with(self, answer: Answer) -> None:
        self.answered_by = answer.by
        self.answer = to_dict(answer.now) if answer.now else None
        self.later = [to_dict(content) for content in answer.later] or None

    def to_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    def to_json(self) -> str:
        return ENCODER.encode(self.to_dict())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        return cls(**json.loads(text))


def _fitting(text: str, most: int) -> str:
    """Short texts as they are; what no column holds, by its digest, still the same for the same message."""
    text = _storable(text)
    return text if len(text) <= most else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"[:most]


def _storable(text: str) -> str:
    """Postgres text holds every character but NUL and half a surrogate pair, which JSON pushes can carry."""
    return text if text.isprintable() else UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
