"""Rules that make calls fail, late or lost, as a test wishes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """A rule that makes calls fail.

    It applies to `api` ("*": every call) of `appid` (empty: every account), `times` times (None: for ever).
    `errcode` refuses the call, `http_status` answers as a broken gateway would, `latency_ms` waits first, and
    `drop_answer` performs the call and then loses the answer on its way back, `answer` performs it and sends
    this text in the answer's place.
    """

    id: int
    api: str
    appid: str = ""
    errcode: int | None = None
    errmsg: str = ""
    http_status: int | None = None
    latency_ms: float = 0.0
    drop_answer: bool = False
    answer: str | None = None
    times: int | None = None

    def concerns(self, api: str, appid: str) -> bool:
        return self.api in ("*", api) and self.appid in ("", appid) and self.times != 0


def strike(faults: list[Fault], api: str, appid: str) -> Fault | None:
    """Returns the first rule that concerns this call, and counts its use."""
    for fault in faults:
        if fault.concerns(api, appid):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None
