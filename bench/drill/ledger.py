"""The platform's ledger of messages that followers received, by which all messages are checked."""

import threading
from typing import Any

from tests.simulated import Simulated

Entry = dict[str, Any]


class Ledger:
    """The entries of one account, read incrementally."""

    def __init__(self, platform: Simulated, appid: str) -> None:
        self._platform, self._appid = platform, appid
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def received(self, people: str) -> list[Entry]:
        """Returns all messages received by people whose openids begin with ``people``, the oldest first."""
        with self._lock:
            after = self._entries[-1]["seq"] if self._entries else 0
            page = self._platform.get(f"/accounts/{self._appid}/ledger?after={after}")
            self._entries += page["entries"]
            return [each for each in self._entries if each["openid"].startswith(people)]
