"""The stored mass sends of the platform (WeChat reference 11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

A_MONTH = 4
SENDING, SUCCESS, FAILED, DELETED = "SENDING", "SEND_SUCCESS", "SEND_FAIL", "DELETE"


@dataclass(slots=True)
class Job:
    """A mass send. ``openids`` are its recipients; ``waits`` is True until an administrator has answered."""

    msg_id: int
    msgtype: str
    content: dict[str, Any]
    openids: list[str]
    status: str = SENDING
    msg_data_id: int = 0
    waits: bool = False
    deleted: list[int] = field(default_factory=list)
    # The time at which it was accepted, and the number of its recipients.
    at: float = 0.0
    reached: int = 0


@dataclass(slots=True)
class Known:
    """A used clientmsgid: its mass send, and the time of use in Unix seconds."""

    msg_id: int
    at: float


@dataclass(slots=True)
class MassSends:
    """The mass sends of an account.

    ``received`` counts by "openid 2026-02"; ``days`` are the days on which a subscription account sent.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    days: list[str] = field(default_factory=list)
    speed: int = 0
    confirms: bool = False
    outcome: str = "send success"
    silent: bool = False
