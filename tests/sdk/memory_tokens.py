import threading
from collections import defaultdict
from contextlib import AbstractContextManager
from typing import Any

from wechat.sdk.tokens import Token


class MemoryTokenStore:
    """A store of tokens for a single process."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token] = {}
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def load(self, name: str) -> Token | None:
        return self._tokens.get(name)

    def save(self, name: str, token: Token) -> None:
        with self._guard:
            self._tokens[name] = token

    def drop(self, name: str, value: str) -> None:
        with self._guard:
            held = self._tokens.get(name)
            if held and held.value == value:
                del self._tokens[name]

    def lock(self, name: str) -> AbstractContextManager[Any]:
        with self._guard:
            return self._locks[name]
