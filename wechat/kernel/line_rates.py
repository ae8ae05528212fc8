"""The rate limit on log lines for events that happen by the thousand."""

import time


class LineRate:
    """The number of log lines allowed per second; concurrent threads may write one more."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._lines = 0

    def allows(self) -> bool:
        """Returns whether one more line may be written in this second."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= self._per_second
