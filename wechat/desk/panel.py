"""The facts about a follower that the desk shows beside the conversation.

Apps above register what they know, as orders::

    @panel.register
    def orders(follower): return [panel.Fact(_("order"), "¥99.00", link)]
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from accounts.followers.models import Follower
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class Fact:
    label: StrOrPromise
    text: StrOrPromise
    link: str = ""


Source = Callable[[Follower], Iterable[Fact]]

_sources: Registry[Source] = Registry("source of facts for the desk")


def register(source: Source) -> Source:
    return _sources.register(source)


def facts(follower: Follower) -> list[Fact]:
    return [fact for source in _sources for fact in source(follower)]
