"""The stored complaints of payers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Step:
    """A step of a complaint, a text or an action; ``kind`` is the platform's operate_type."""

    operator: str
    kind: str
    text: str
    at: float


@dataclass(slots=True)
class Complaint:
    """A complaint.

    ``state`` is PENDING, PROCESSING or PROCESSED; ``kind`` is REFUND, SERVICE_NOT_WORK or OTHERS.
    """

    id: str
    out_trade_no: str
    detail: str
    problem: str
    kind: str
    phone: str
    at: float
    state: str = "PENDING"
    unanswered: bool = True
    steps: list[Step] = field(default_factory=list)
