"""The timeline and the panels of a follower's page, which apps contribute to.

``accounts`` is below everything, so whoever has something to show registers it::

    @adds_moments(Area.MESSAGES)
    def messages(follower, before, limit): ...      # yields moments, newest first

    @adds_panel(order=20)
    def may_be_sent(follower): ...                  # a panel, or None

Both are shown to staff who may look at the account's area that the registration names.
"""

import datetime
import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.followers.labels import name_of_scene
from accounts.followers.models import Follower
from accounts.staff.rights import Area
from wechat.kernel.registry import Registry, dotted

PAGE = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened. ``text`` may be a follower's own and is escaped by the page."""

    at: datetime.datetime
    what: StrOrPromise
    text: str = ""
    link: str = ""
    colour: str = "plain"


@dataclass(frozen=True, slots=True)
class PanelLine:
    label: StrOrPromise
    value: StrOrPromise
    link: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A box of its own on the page; ``note`` is a sentence below its lines."""

    title: StrOrPromise
    lines: Sequence[PanelLine] = field(default=())
    note: StrOrPromise = ""


# Given the follower, a moment (``None``: now) and a number: what happened before, newest first.
Source = Callable[[Follower, datetime.datetime | None, int], Iterable[Moment]]
PanelSource = Callable[[Follower], Panel | None]

_sources: Registry[tuple[Area, Source]] = Registry("source of moments")
_panel_sources: Registry[tuple[int, Area, PanelSource]] = Registry("panel of a follower's page")


def adds_moments(area: Area) -> Callable[[Source], Source]:
    def register(source: Source) -> Source:
        _sources.add(dotted(source), (area, source))
        return source

    return register


def adds_panel(*, order: int, area: Area = Area.FOLLOWERS) -> Callable[[PanelSource], PanelSource]:
    def register(panel_source: PanelSource) -> PanelSource:
        _panel_sources.add(dotted(panel_source), (order, area, panel_source))
        return panel_source

    return register


def page(
    follower: Follower, before: datetime.datetime | None, may_view: Callable[[Area], bool]
) -> tuple[list[Moment], datetime.datetime | None]:
    """Returns the next moments, newest first, and before which moment the page after them begins."""
    streams = [_next(source, follower, before) for area, source in _sources if may_view(area)]
    shown: list[Moment] = []
    for moment in heapq.merge(*streams, key=lambda each: each.at, reverse=True):
        if len(shown) >= PAGE and moment.at < shown[-1].at:
            return shown, shown[-1].at
        shown.append(moment)
    return shown, None


def _next(source: Source, follower: Follower, before: datetime.datetime | None) -> list[Moment]:
    """Returns enough moments for a page, and with the last of them all that happened at the same time.

    The page after it begins before that time, and would miss them.
    """
    limit = PAGE + 1
    found = list(source(follower, before, limit))
    while len(found) >= limit and found[-1].at == found[PAGE - 1].at:
        limit *= 2
        found = list(source(follower, before, limit))
    return found


def panels(follower: Follower, may_view: Callable[[Area], bool]) -> list[Panel]:
    in_order = sorted(_panel_sources, key=itemgetter(0))
    asked = (panel_source(follower) for _order, area, panel_source in in_order if may_view(area))
    return [panel for panel in asked if panel is not None]


@adds_moments(Area.FOLLOWERS)
def came_and_went(follower: Follower, before: datetime.datetime | None, limit: int) -> Iterator[Moment]:
    """Yields what the row itself remembers: first and newest follow, newest leave, consent (OAuth)."""
    moments = [
        (follower.unsubscribed_at, _("unfollowed"), "", "warn"),
        (
            follower.subscribed_at,
            _("started following"),
            str(name_of_scene(follower.subscribe_scene)),
            "good",
        ),
        (follower.consented_at, _("agreed to show nickname and avatar"), "", "plain"),
    ]
    if follower.first_subscribed_at != follower.subscribed_at:
        moments.append((follower.first_subscribed_at, _("followed for the first time"), "", "good"))
    dated = [Moment(at, what, text, colour=colour) for at, what, text, colour in moments if at is not None]
    for moment in sorted(dated, key=lambda each: each.at, reverse=True):
        if before is None or moment.at < before:
            yield moment
