"""When the account may write to a follower first (WeChat reference 8.1)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import ApiError

# kind of action → messages allowed, seconds they are allowed for
ALLOWANCES = {
    "message": (5, 48 * 3600),
    "menu": (3, 60),
    "follow": (3, 60),
    "scan": (3, 60),
    "enter": (2, 60),
}


@dataclass(slots=True)
class Grant:
    left: int
    ends_at: float


def grant(grants: dict[str, Grant], action: str, now: float) -> None:
    """A new action replaces what an earlier action of the same kind allowed; kinds do not add up."""
    count, seconds = ALLOWANCES[action]
    grants[action] = Grant(count, now + seconds)


def spend(grants: dict[str, Grant], now: float) -> None:
    """Takes one message from the grant that ends first. Raises 45015 without a window, 45047 when used up."""
    running = [each for each in grants.values() if each.ends_at > now]
    if not running:
        raise ApiError(45015)
    usable = [each for each in running if each.left > 0]
    if not usable:
        raise ApiError(45047)
    min(usable, key=lambda each: each.ends_at).left -= 1
