"""The count and the log lines of requests that are refused because too many wait already.

A refused request costs next to nothing and may be repeated; an accepted one is answered in time. The log has
one line a second.
"""

import logging
import time

from wechat.kernel import metrics

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0

_refused: dict[str, int] = {}
_logged_at: dict[str, float] = {}


def note(door: str) -> None:
    """Counts a refusal; to be called in the event loop."""
    metrics.OVERLOADED.labels(door).inc()
    _refused[door] = _refused.get(door, 0) + 1
    now = time.monotonic()
    if now - _logged_at.get(door, -PAUSE_SECONDS) >= PAUSE_SECONDS:
        _logged_at[door] = now
        log.warning("overloaded", extra={"door": door, "refused": _refused.pop(door)})
