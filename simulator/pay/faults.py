"""The fault rules of WeChat Pay: failures, delays and invalid signatures for tests (pay reference 11)."""

from __future__ import annotations

from dataclasses import dataclass

SPOILS = (
    "probe",
    "stale",
    "serial",
    "unsigned",
    "body",
    "signature_type",
)


@dataclass(slots=True)
class PayFault:
    """A fault rule for calls, notifications, refunds or sharings.

    It applies to ``at`` (a registered path, "notification", "refund", "sharing" or "*": every call) of
    ``mchid`` (empty: all merchants), ``times`` times (None: always).

    Calls: ``status`` with ``code`` and ``message`` refuses the call, with ``after`` only once it was
    performed (the old API answers a ``code`` with HTTP 200, as always, and has no ``spoil``); ``latency_ms``
    delays the call; ``lose_answer`` performs the call and then breaks the connection; ``spoil`` is one of
    SPOILS and makes the answer's signature invalid; ``notification_first`` delivers the call's notification
    before its answer. Notifications: ``spoil`` likewise; ``lose`` counts an attempt without making it
    (``status`` likewise); ``copies`` is the number of concurrent deliveries; ``delay`` is in seconds of the
    platform's clock. Refunds, sharings: ``ends`` is their final state.
    """

    id: int
    at: str = "*"
    mchid: str = ""
    times: int | None = None
    status: int | None = None
    code: str = ""
    message: str = ""
    after: bool = False
    latency_ms: float = 0.0
    lose_answer: bool = False
    spoil: str = ""
    notification_first: bool = False
    lose: bool = False
    copies: int = 1
    delay: float = 0.0
    ends: str = ""

    def concerns(self, at: str, mchid: str) -> bool:
        named = self.at == at or (self.at == "*" and at.startswith("/"))
        return named and self.mchid in ("", mchid) and self.times != 0


HARMLESS = PayFault(0)


def next_fault(faults: list[PayFault], at: str, mchid: str) -> PayFault | None:
    """Returns the first rule that applies, and counts its use; None without one."""
    for fault in faults:
        if fault.concerns(at, mchid):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None
