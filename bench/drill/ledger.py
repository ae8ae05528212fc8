"""What followers truly received, as the platform tells it: the judge of every message."""

import threading
from typing import Any

from tests.simulated import Simulated

Entry = dict[str, Any]


class Ledger:
    """The entries of one account, of which only the new ones are asked for."""

    def __init__(self, platform: Simulated, appid: str) -> None:
        self._platform, self._appid = platform, appid
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def received(self, people: str) -> list[Entry]:
        """Returns everything that reached those whose openids begin like that, the oldest first."""
        with self._lock:
            after = self._entries[-1]["seq"] if self._entries else 0
            page = self._platform.look(f"/accounts/{self._appid}/ledger?after={after}")
            self._entries += page["entries"]
            return [each for each in self._entries if each["openid"].startswith(people)]
