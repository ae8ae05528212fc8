"""The plan of calls that lead from the live menus to the wanted ones, in order.

A conditional menu cannot be changed on the platform, and of several that match the newest one is shown. So a
changed menu is added anew before the old one is deleted, and followers see no gap. After an interruption a
new plan leads to the same result. WeChat reference 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from menus.buttons import canonical

PlatformButtons = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Conditional:
    """A conditional menu; ``rule`` is the platform's matchrule, ``menuid`` is empty until it is there."""

    button: PlatformButtons
    rule: Mapping[str, str]
    menuid: str = ""

    def same(self, other: "Conditional") -> bool:
        return self.rule == other.rule and canonical(self.button) == canonical(other.button)


@dataclass(frozen=True, slots=True)
class Live:
    """The menus of an account, conditional ones from oldest to newest; without ``button`` there is no menu.

    ``made_on_page``: the menu was made on the platform's own page, and no call can create it again.
    """

    button: PlatformButtons = ()
    conditional: tuple[Conditional, ...] = ()
    made_on_page: bool = False

    def same(self, other: "Live") -> bool:
        return (
            canonical(self.button) == canonical(other.button)
            and len(self.conditional) == len(other.conditional)
            and all(one.same(two) for one, two in zip(self.conditional, other.conditional, strict=True))
        )


@dataclass(frozen=True, slots=True)
class Create:
    button: PlatformButtons


@dataclass(frozen=True, slots=True)
class Add:
    button: PlatformButtons
    rule: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remove:
    menuid: str


@dataclass(frozen=True, slots=True)
class DeleteAll:
    """A step that deletes the default menu and every conditional one."""


Step = Create | Add | Remove | DeleteAll


def plan(live: Live, wanted: Live, *, removing_first: bool = False) -> Iterator[Step]:
    """Yields the calls to make, in order.

    ``removing_first`` is for when there is no room beside the old menus; it leaves a gap.
    """
    if not wanted.button:
        if live.button or live.conditional:
            yield DeleteAll()
        return
    if live.made_on_page or canonical(live.button) != canonical(wanted.button):
        yield Create(wanted.button)
    kept = _kept(live.conditional, wanted.conditional)
    added: list[Step] = [Add(each.button, each.rule) for each in wanted.conditional[len(kept) :]]
    removed: list[Step] = [Remove(each.menuid) for each in live.conditional if each not in kept]
    yield from [*removed, *added] if removing_first else [*added, *removed]


def _kept(live: Sequence[Conditional], wanted: Sequence[Conditional]) -> list[Conditional]:
    """Returns the live menus that are as wanted and older than all that have to be added."""
    kept: list[Conditional] = []
    for each in live:
        if len(kept) < len(wanted) and each.same(wanted[len(kept)]):
            kept.append(each)
    return kept


def rule_of(payload: Any) -> dict[str, str]:
    """Returns a matchrule without its empty parts; abolished criteria are kept."""
    return {name: str(value) for name, value in payload.items() if value} if isinstance(payload, dict) else {}
