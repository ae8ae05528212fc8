"""The plan of calls that turns the live menus into the desired ones, in order.

A conditional menu cannot be changed on the platform, and of several that fit the newest wins. So what has
to change is added anew before the old one is deleted: nobody sees a gap. Planned again after any
interruption, the rest of the way leads to the same end. WeChat reference 5.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from menus.buttons import canonical

Told = Sequence[Mapping[str, Any]]
RULES = ("tag_id", "client_platform_type")


@dataclass(frozen=True, slots=True)
class Conditional:
    """A conditional menu; ``rule`` is the platform's matchrule, ``menuid`` empty until it is there."""

    button: Told
    rule: Mapping[str, str]
    menuid: str = ""

    def same(self, other: "Conditional") -> bool:
        return self.rule == other.rule and canonical(self.button) == canonical(other.button)


@dataclass(frozen=True, slots=True)
class Live:
    """The menus of an account, the conditional ones from oldest to newest; no ``button``: no menu.

    ``made_on_page``: the platform's own page made it, and no call can make it again.
    """

    button: Told = ()
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
    button: Told


@dataclass(frozen=True, slots=True)
class Add:
    button: Told
    rule: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Remove:
    menuid: str


@dataclass(frozen=True, slots=True)
class DeleteAll:
    """A step that deletes the default menu and every conditional one."""


Step = Create | Add | Remove | DeleteAll


def plan(live: Live, wanted: Live, *, removing_first: bool = False) -> Iterator[Step]:
    """Yields the calls to make, in their order.

    ``removing_first`` is for menus that have no room beside the old ones, at the price of the gap.
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
    """Returns the live menus that are right already and older than everything that has to be added."""
    kept: list[Conditional] = []
    for each in live:
        if len(kept) < len(wanted) and each.same(wanted[len(kept)]):
            kept.append(each)
    return kept


def rule_of(payload: Any) -> dict[str, str]:
    """Returns a matchrule without its empty parts; parts that no rule may have any more survive."""
    return {name: str(value) for name, value in payload.items() if value} if isinstance(payload, dict) else {}
