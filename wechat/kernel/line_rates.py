"""Lines of the log for things that happen by the thousand: so many a second have one of their own."""

import time


class LineRate:
    """Says which have a line; threads that ask at the same moment may get one more."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._lines = 0

    def allows(self) -> bool:
        """Returns whether one more of this second is told by itself."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._lines = second, 0
        self._lines += 1
        return self._lines <= self._per_second
