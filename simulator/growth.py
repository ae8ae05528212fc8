"""The numbers of new and lost followers, by day and source (WeChat reference 15)."""

from __future__ import annotations

from dataclasses import dataclass, field

SOURCES = {
    "ADD_SCENE_SEARCH": 1,
    "ADD_SCENE_PROFILE_CARD": 17,
    "ADD_SCENE_QR_CODE": 30,
    "ADD_SCENE_PAID": 51,
    "ADD_SCENE_PROFILE_LINK": 57,
    "ADD_SCENE_WECHAT_ADVERTISEMENT": 100,
    "ADD_SCENE_REPRINT": 161,
    "ADD_SCENE_CHANNELS": 200,
    "ADD_SCENE_LIVESTREAM": 201,
}
OTHER = 0


@dataclass(slots=True)
class Change:
    came: int = 0
    left: int = 0


@dataclass(slots=True)
class Growth:
    """The numbers of new and lost followers, by day and source.

    ``days`` has them by the number of the day (``Clock.day``), then by the number of the source, both as
    text.
    """

    days: dict[str, dict[str, Change]] = field(default_factory=dict)

    def change(self, day: int, scene: str) -> Change:
        sources = self.days.setdefault(str(day), {})
        return sources.setdefault(str(SOURCES.get(scene, OTHER)), Change())

    def on(self, day: int) -> dict[int, Change]:
        return {int(source): each for source, each in sorted(self.days.get(str(day), {}).items())}

    def total(self, day: int) -> int:
        """Returns the number of followers at the end of a day."""
        return sum(
            each.came - each.left
            for known, sources in self.days.items()
            if int(known) <= day
            for each in sources.values()
        )
