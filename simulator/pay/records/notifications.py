"""The stored notifications, with their delivery attempts."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Delivery:
    """An attempt to deliver a notification. ``verdict`` is taken, refused, timeout, error or lost."""

    at: float
    verdict: str = "waiting"
    status: int | None = None
    ms: float = 0.0
    serial: str = ""
    tamper: str = ""
    body: str = ""


@dataclass(slots=True)
class Notification:
    """A notification; ``due_at`` is the time of the next attempt, None if there will be none.

    ``plain`` is the content to encrypt; for v2 the whole message.
    """

    id: str
    mchid: str
    url: str
    event_type: str
    subject: str
    plain: str
    made_at: float
    due_at: float | None
    v2: bool = False
    attempts: list[Delivery] = field(default_factory=list)
    steps: int = 0
