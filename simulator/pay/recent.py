"""What is kept for some time only, and forgotten then."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key, each for so many seconds of the clock that `now` is given by.

    A clock that is put back forgets what was kept at a later time than it shows.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.kept)

    def keep(self, key: K, value: V, now: float) -> None:
        self._forget(now)
        self.kept[key] = now, value

    def find(self, key: K, now: float) -> V | None:
        self._forget(now)
        found = self.kept.get(key)
        return None if found is None else found[1]

    def _forget(self, now: float) -> None:
        """Deletes what is over; the oldest is first."""
        while self.kept and not now - self.seconds < next(iter(self.kept.values()))[0] <= now:
            self.kept.popitem(last=False)
