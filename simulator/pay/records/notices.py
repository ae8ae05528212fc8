"""Notifications as the platform keeps them, with each attempt to deliver them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Delivery:
    """One attempt at a notice. `verdict` is taken, refused, timeout, error or lost."""

    at: float
    verdict: str = "waiting"
    status: int | None = None
    ms: float = 0.0
    serial: str = ""
    tamper: str = ""
    body: str = ""


@dataclass(slots=True)
class Notice:
    """A notification on its way; `due_at` is the next attempt's time, None when there will be none.

    `plain` is what is sealed in it; for v2 the whole message.
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
