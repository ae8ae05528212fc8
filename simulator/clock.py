"""The platform's clock, which tests can move."""

from __future__ import annotations

import time
from dataclasses import dataclass

SHANGHAI_OFFSET = 8 * 3600
DAY = 86_400


def day_number(seconds: float) -> int:
    """Returns the day of a Unix time in Shanghai, as the number of days since 1970."""
    return int(seconds + SHANGHAI_OFFSET) // DAY


@dataclass(slots=True)
class Clock:
    """The platform's clock, in Unix seconds: the real time plus an offset in seconds."""

    offset: float = 0.0

    def now(self) -> float:
        return time.time() + self.offset

    def seconds(self) -> int:
        return int(self.now())

    def day(self) -> int:
        """Returns the number of the quota day, which changes at midnight in Shanghai (reference 0.3)."""
        return day_number(self.now())

    def minute(self) -> int:
        return int(self.now()) // 60
