"""The live updates of open phones: events of a conversation are sent to them immediately."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event that happened in a conversation.

    ``item`` is its content by its ``kind``: an entry, or a follower whose state changed.
    """

    appid: str
    openid: str
    kind: str
    item: object


class Viewer:
    """An open page and the conversations (appid, openid) it watches. None in the queue ends it."""

    def __init__(self, watches: Iterable[tuple[str, str]]) -> None:
        self.watches = frozenset(watches)
        self.queue: asyncio.Queue[LiveEvent | None] = asyncio.Queue()


class Live:
    def __init__(self) -> None:
        self.viewers: set[Viewer] = set()

    def join(self, watches: Iterable[tuple[str, str]]) -> Viewer:
        viewer = Viewer(watches)
        self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        self.viewers.discard(viewer)

    def publish(self, appid: str, openid: str, event: str, item: object) -> None:
        for viewer in self.viewers:
            if (appid, openid) in viewer.watches:
                viewer.queue.put_nowait(LiveEvent(appid, openid, event, item))

    def publish_all(self, appid: str, event: str) -> None:
        """Notifies all phones with an open chat of the account that they have to reload something."""
        for viewer in self.viewers:
            for watched in [openid for account, openid in viewer.watches if account == appid]:
                viewer.queue.put_nowait(LiveEvent(appid, watched, event, None))

    def publish_reset(self) -> None:
        """Notifies all phones that their content is outdated, after a reset."""
        for viewer in self.viewers:
            viewer.queue.put_nowait(LiveEvent("", "", "reset", None))

    def close(self) -> None:
        for viewer in self.viewers:
            viewer.queue.put_nowait(None)
