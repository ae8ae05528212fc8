"""The list of an account's followers in the order in which they followed, readable from any position."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.world import Follower


class FollowerList:
    """The ordered followers of an account, derived from the state and not saved.

    Somebody who follows again moves to the end and leaves a gap.
    """

    def __init__(self, followers: dict[str, Follower]) -> None:
        self.followers = followers
        self.openids: list[str | None] = list(followers)
        self.places = {openid: place for place, openid in enumerate(followers)}
        self.total = sum(each.subscribed for each in followers.values())

    def followed(self, openid: str, *, anew: bool) -> None:
        """Moves or adds a follower to the end; ``anew`` if they did not follow before."""
        if (place := self.places.get(openid)) is not None:
            self.openids[place] = None
        self.places[openid] = len(self.openids)
        self.openids.append(openid)
        self.total += anew

    def left(self) -> None:
        self.total -= 1

    def after(self, openid: str) -> Iterator[Follower]:
        """Yields the followers after this openid; all of them for an empty openid.

        Raises KeyError if the openid never followed.
        """
        start = self.places[openid] + 1 if openid else 0
        for place in range(start, len(self.openids)):
            found = self.openids[place]
            if found is not None and self.followers[found].subscribed:
                yield self.followers[found]

    def before(self, openid: str, steps: int) -> str:
        """Returns the cursor ``steps`` positions earlier; the same one for an unknown openid."""
        place = self.places.get(openid, -1) - steps
        return (self.openids[place] or openid) if steps and place >= 0 else openid


def page(followers: Iterable[Follower], size: int) -> list[str]:
    """Returns the openids of the first ``size`` followers."""
    return [each.openid for each, _ in zip(followers, range(size), strict=False)]
