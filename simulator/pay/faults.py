"""Rules that make WeChat Pay fail, lie or be late, as a test asks for (pay reference 11)."""

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
    """A rule that makes calls, notifications, refunds or sharings fail.

    It strikes `at` (a path as it is registered, "notice", "refund", "sharing" or "*": every call) of `mchid`
    (empty: of all), `times` times (None: for ever).

    Calls: `status` with `code` and `message` refuses, `after` true only once the call was performed (the old
    API answers a `code` with HTTP 200, as always, and signs no answer wrongly: it knows no `spoil`);
    `latency_ms` waits first; `lose_answer` performs and then breaks the connection; `spoil` is one of SPOILS
    and spoils the answer's signature; `notice_first` delivers what the call causes before it is answered.
    Notices: `spoil` likewise, `lose` counts an attempt that is never made (`status` likewise), `copies`
    delivers as often at once, `delay` is in seconds of the platform's clock. Refunds, sharings: `ends` is the
    state they come to.
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
    notice_first: bool = False
    lose: bool = False
    copies: int = 1
    delay: float = 0.0
    ends: str = ""

    def concerns(self, at: str, mchid: str) -> bool:
        named = self.at == at or (self.at == "*" and at.startswith("/"))
        return named and self.mchid in ("", mchid) and self.times != 0


HARMLESS = PayFault(0)


def next_fault(faults: list[PayFault], at: str, mchid: str) -> PayFault | None:
    """Returns the first rule that concerns this, and counts its use."""
    for fault in faults:
        if fault.concerns(at, mchid):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None
