"""The rates of calls in the last second (pay reference 5.3)."""

from __future__ import annotations

from collections import defaultdict, deque

from simulator.pay.errors import PayError
from simulator.pay.state import PayState

WINDOW = 1.0


class Rates:
    def __init__(self) -> None:
        self.state: PayState | None = None
        self.seen: defaultdict[str, deque[float]] = defaultdict(deque)

    def of(self, state: PayState) -> Rates:
        """Returns the rates of a state; a new state starts with empty ones."""
        if self.state is not state:
            self.state = state
            self.seen.clear()
        return self

    def check(self, what: str, limit: int, now: float) -> None:
        """Raises FREQUENCY_LIMITED if ``what`` happened ``limit`` times within the last second."""
        times = self.seen[what]
        while times and not now - WINDOW < times[0] <= now:
            times.popleft()
        if len(times) >= limit:
            raise PayError("FREQUENCY_LIMITED")

    def count(self, what: str, now: float) -> None:
        self.seen[what].append(now)
