"""Doors that refuse at once what would wait too long behind what is there already.

Who is refused may come again, and costs next to nothing; who is taken on is answered in time. It is counted,
and said in the log once a second.
"""

import logging
import time

from wechat.kernel import metrics

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0

_refused: dict[str, int] = {}
_logged_at: dict[str, float] = {}


def note(door: str) -> None:
    """Counts a refusal. For the event loop."""
    metrics.OVERLOADED.labels(door).inc()
    _refused[door] = _refused.get(door, 0) + 1
    now = time.monotonic()
    if now - _logged_at.get(door, -PAUSE_SECONDS) >= PAUSE_SECONDS:
        _logged_at[door] = now
        log.warning("overloaded", extra={"door": door, "refused": _refused.pop(door)})
