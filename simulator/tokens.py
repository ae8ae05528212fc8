"""The access tokens of both kinds, and the tickets obtained with them (WeChat reference 4.1, 4.2, 4.7)."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from simulator.errors import ApiError

LIFE = 7200
OVERLAP = 300
FORCED_PER_DAY = 20
FORCED_PAUSE = 30
FORM = re.compile(r"\d+_[\w-]{20,}", re.ASCII)


def unknown(value: str) -> ApiError:
    """Returns the error for an unknown token.

    It is 40001 for a well-formed token, which may be an old, deleted one, and 40014 for anything else.
    """
    return ApiError(40001 if FORM.fullmatch(value) else 40014)


@dataclass(slots=True)
class Token:
    """An access token; ``ends_at`` is its expiry time; ``replaced`` marks one that was invalidated early."""

    value: str
    ends_at: float
    replaced: bool = False

    def end_early(self, at: float) -> None:
        if at < self.ends_at:
            self.ends_at, self.replaced = at, True


@dataclass(slots=True)
class TokenBook:
    """The tokens of an account, including recently ended ones."""

    issued: dict[str, Token] = field(default_factory=dict)
    classic: str = ""
    stable: str = ""
    forced_at: float = 0.0
    forced_day: int = 0
    forced_today: int = 0
    tickets: dict[str, Token] = field(default_factory=dict)

    def new_classic(self, now: float) -> Token:
        """Creates a new token each time; the one before it is valid for five more minutes."""
        if earlier := self.issued.get(self.classic):
            earlier.end_early(now + OVERLAP)
        token = self._issue(now)
        self.classic = token.value
        return token

    def current_stable(self, now: float) -> Token:
        """Returns the current token, or a new one besides it if it expires in less than five minutes."""
        token = self.issued.get(self.stable)
        if token is None or token.ends_at - now < OVERLAP:
            token = self._issue(now)
            self.stable = token.value
        return token

    def forced_stable(self, now: float, day: int) -> Token:
        """Creates a new token and invalidates the earlier one; if called too early, returns the current one.

        Raises 45009 after 20 a day.
        """
        if now - self.forced_at < FORCED_PAUSE:
            return self.current_stable(now)
        if self.forced_day != day:
            self.forced_day, self.forced_today = day, 0
        if self.forced_today >= FORCED_PER_DAY:
            raise ApiError(45009)
        self.forced_at, self.forced_today = now, self.forced_today + 1
        if earlier := self.issued.get(self.stable):
            earlier.end_early(now)
        self.stable = ""
        return self.current_stable(now)

    def check(self, value: str, now: float) -> None:
        """Checks a token.

        Raises unknown() if it was never issued, 40001 if it was invalidated early, 42001 if it expired.
        """
        token = self.issued.get(value)
        if token is None:
            raise unknown(value)
        if token.ends_at <= now:
            raise ApiError(40001 if token.replaced else 42001)

    def invalidate(self, now: float) -> None:
        """Invalidates all tokens, as by a reset of the secret."""
        for token in self.issued.values():
            token.end_early(now)
        self.classic = self.stable = ""

    def ticket(self, kind: str, now: float) -> Token:
        token = self.tickets.get(kind)
        if token is None or token.ends_at - now < OVERLAP:
            token = self.tickets[kind] = Token(f"{kind[:2]}{secrets.token_urlsafe(48)}", now + LIFE)
        return token

    def _issue(self, now: float) -> Token:
        self._forget(now)
        token = Token(f"98_{secrets.token_urlsafe(96)}", now + LIFE)
        self.issued[token.value] = token
        return token

    def _forget(self, now: float) -> None:
        """Deletes tokens that ended over a day ago; until then they are refused as expired (42001)."""
        for value in [value for value, token in self.issued.items() if token.ends_at < now - 86_400]:
            del self.issued[value]
