"""The windows in which an account can send customer-service messages to a follower (WeChat reference 8.1)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import ApiError

# kind of action → number of messages allowed, and for how many seconds
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
    """Allows messages after an action, replacing the grant of an earlier action of the same kind.

    Actions of one kind do not add up; grants of other kinds stay unchanged.
    """
    count, seconds = ALLOWANCES[action]
    grants[action] = Grant(count, now + seconds)


def usable(grants: dict[str, Grant], now: float) -> list[Grant]:
    """Returns the grants with messages left, in the order of use: the earliest end first."""
    return sorted((each for each in grants.values() if each.ends_at > now and each.left > 0), key=_end)


def _end(grant: Grant) -> float:
    return grant.ends_at


def spend(grants: dict[str, Grant], now: float) -> None:
    """Uses one message of the grant that ends first. Raises 45015 without a window, 45047 if used up."""
    if found := usable(grants, now):
        found[0].left -= 1
    else:
        raise ApiError(45047 if any(each.ends_at > now for each in grants.values()) else 45015)
