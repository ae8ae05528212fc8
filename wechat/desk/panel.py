"""The facts about a follower that the desk shows beside the conversation.

Apps above register sources of facts, such as orders::

    @panel.register
    def orders(follower): return [panel.Fact(_("order"), "¥99.00", link, Area.MONEY)]
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from django_stubs_ext import StrOrPromise

from accounts.followers.models import Follower
from accounts.staff.rights import Area
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact, with a ``link`` for staff who may view its ``area``; the others read it without one."""

    label: StrOrPromise
    text: StrOrPromise
    link: str = ""
    area: Area = Area.MESSAGES


Source = Callable[[Follower], Iterable[Fact]]

_sources: Registry[Source] = Registry("source of facts for the desk")


def register(source: Source) -> Source:
    return _sources.register(source)


def facts(follower: Follower, may_view: Callable[[Area], bool]) -> list[Fact]:
    found = [fact for source in _sources for fact in source(follower)]
    return [fact if may_view(fact.area) else replace(fact, link="") for fact in found]
