"""Mass sends as the platform keeps them (WeChat reference 11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

A_MONTH = 4
SENDING, SUCCESS, FAILED, DELETED = "SENDING", "SEND_SUCCESS", "SEND_FAIL", "DELETE"


@dataclass(slots=True)
class Job:
    """One send. `openids` are those it is for; `waits` while an administrator has not answered."""

    msg_id: int
    msgtype: str
    content: dict[str, Any]
    openids: list[str]
    status: str = SENDING
    msg_data_id: int = 0
    waits: bool = False
    deleted: list[int] = field(default_factory=list)
    # When it was accepted, and how many people got it.
    at: float = 0.0
    reached: int = 0


@dataclass(slots=True)
class Known:
    """A clientmsgid that was used: the mass send it belongs to, and when, in Unix seconds."""

    msg_id: int
    at: float


@dataclass(slots=True)
class MassSends:
    """The mass sends of an account.

    `received` counts by "openid 2026-02"; `days` are those a subscription account has sent on.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)
    speed: int = 0
    confirms: bool = False
    outcome: str = "send success"
    silent: bool = False
