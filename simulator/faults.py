"""The fault rules of the API, by which calls fail, are delayed or lose their answers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Fault:
    """A fault rule, by which calls fail.

    It applies to calls of ``api`` ("*": any) by ``appid`` (empty: any account), ``times`` times (None:
    always). ``errcode`` refuses the call; ``http_status`` answers with this status, like a broken gateway;
    ``latency_ms`` delays the call; ``drop_answer`` performs the call and then drops the answer; ``answer``
    performs the call and replaces the answer by this text.
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


def next_fault(faults: list[Fault], api: str, appid: str) -> Fault | None:
    """Returns the first rule that applies to this call, and counts its use; None without one."""
    for fault in faults:
        if fault.concerns(api, appid):
            if fault.times is not None:
                fault.times -= 1
            return fault
    return None
