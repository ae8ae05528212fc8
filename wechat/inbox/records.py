"""The record of a callback on its way to Postgres, or to the spool while Postgres is away."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import orjson

from accounts.official.models import OfficialAccount
from wechat.inbox.models import UNDATED, InboundMessage, malformed_key, month_of
from wechat.inbox.routing import Answer
from wechat.kernel import tracing
from wechat.sdk.messages import Message
from wechat.sdk.stored_content import to_dict
from wechat.sdk.text import decode, load_json


@dataclass(slots=True)
class Record:
    """A message and its answer; times are ISO 8601 with zone, ``month`` is the first day of the month.

    ``raw_bytes`` is the original body in the notation of ``bytea``, if ``body`` differs from it.
    """

    account_id: int
    key: str
    month: str
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
    raw_bytes: str | None = None
    trace: str = ""

    @classmethod
    def of(cls, account: OfficialAccount, message: Message, body: bytes) -> Self:
        legible, raw_bytes = _kept(body)
        sent_at, month = _sent(message.create_time)
        return cls(
            account_id=account.pk,
            key=message.key,
            month=month,
            openid=message.openid,
            kind=message.kind[:40],
            event=message.event,
            text=message.text or message.event_key,
            body=legible,
            raw_bytes=raw_bytes,
            sent_at=sent_at,
            received_at=datetime.datetime.now(datetime.UTC).isoformat(),
            trace=tracing.current(),
        )

    @classmethod
    def malformed(cls, account: OfficialAccount, body: bytes) -> Self:
        now = datetime.datetime.now(datetime.UTC).isoformat()
        legible, raw_bytes = _kept(body)
        return cls(
            account_id=account.pk,
            key=malformed_key(body),
            month=UNDATED.isoformat(),
            openid="",
            kind=InboundMessage.MALFORMED,
            event="",
            text="",
            body=legible,
            raw_bytes=raw_bytes,
            sent_at=now,
            received_at=now,
            trace=tracing.current(),
        )

    def answer_with(self, answer: Answer) -> None:
        self.answered_by = answer.by
        self.answer = to_dict(answer.now) if answer.now else None
        self.later = [to_dict(content) for content in answer.later] or None

    def to_json(self) -> str:
        return as_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Returns the record that ``to_json`` wrote. Raises ``ValueError`` for anything else."""
        try:
            record = cls(**load_json(text.encode() if isinstance(text, str) else text))
        except TypeError as error:
            raise ValueError(str(error)) from None
        if not (isinstance(record.account_id, int) and isinstance(record.key, str)):
            raise ValueError("not the account and the key of a record")
        return record


def as_json(records: Record | Sequence[Record]) -> str:
    return orjson.dumps(records).decode()


# Messages of the same second arrive together.
@lru_cache(64)
def _sent(timestamp: int) -> tuple[str, str]:
    """Returns when a message was sent, and its month."""
    sent_at = datetime.datetime.fromtimestamp(timestamp, tz=datetime.UTC)
    return sent_at.isoformat(), month_of(sent_at).isoformat()


def _kept(body: bytes) -> tuple[str, str | None]:
    """Returns the body as text, and its bytes if the text does not encode to the same bytes."""
    legible = decode(body)
    return legible, None if legible.encode() == body else f"\\x{body.hex()}"
