"""The differences between two menus, button by button, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from menus.buttons import Button, Buttons, adopted, every, from_platform
from menus.describing import ReferenceNames, action, names_in
from menus.planning import Live

ADDED, REMOVED, CHANGED, RENAMED, MOVED = "added", "removed", "changed", "renamed", "moved"
WORDS: dict[str, StrOrPromise] = {
    ADDED: gettext_lazy("added"),
    REMOVED: gettext_lazy("removed"),
    CHANGED: gettext_lazy("changed"),
    RENAMED: gettext_lazy("renamed"),
    MOVED: gettext_lazy("moved"),
}


@dataclass(frozen=True, slots=True)
class ButtonDifference:
    """A difference of one button; ``old`` and ``new`` are its action, its name, or its place."""

    what: str
    name: str
    uid: str
    old: str = ""
    new: str = ""

    @property
    def word(self) -> str:
        return str(WORDS[self.what])

    def __str__(self) -> str:
        change = " → ".join(each for each in (self.old, self.new) if each)
        return f"{self.word} “{self.name}” {change}".rstrip()


@dataclass(frozen=True, slots=True)
class _Place:
    button: Button
    above: str
    number: int
    submenu: str = ""


def differences(before: Sequence[Button], after: Sequence[Button]) -> list[ButtonDifference]:
    """Returns the differences, button by button; buttons are identified by their uid."""
    names = names_in([tuple(before), tuple(after)])
    old, new = _places(before), _places(after)
    found = [
        ButtonDifference(REMOVED, place.button.name, uid, old=action(place.button, names))
        for uid, place in old.items()
        if uid not in new
    ]
    kept = [uid for uid in old if uid in new]
    for uid, place in new.items():
        if uid in old:
            found += _changes(old[uid], place, names, moved=_moved(uid, kept, old, new))
        else:
            found.append(ButtonDifference(ADDED, place.button.name, uid, new=action(place.button, names)))
    return found


def _changes(old: _Place, new: _Place, names: ReferenceNames, *, moved: bool) -> list[ButtonDifference]:
    uid, name, found = new.button.uid, new.button.name, []
    if old.button.name != name:
        found.append(ButtonDifference(RENAMED, name, uid, old.button.name, name))
    if _action(old.button) != _action(new.button):
        found.append(
            ButtonDifference(CHANGED, name, uid, action(old.button, names), action(new.button, names))
        )
    if moved:
        found.append(ButtonDifference(MOVED, name, uid, _where(old), _where(new)))
    return found


def _action(button: Button) -> Button:
    return replace(button, name="", children=(), article_title="")


def _moved(uid: str, kept: Sequence[str], old: dict[str, _Place], new: dict[str, _Place]) -> bool:
    """Returns whether a button is in another submenu, or in another order among its former siblings."""
    if old[uid].above != new[uid].above:
        return True
    siblings = [each for each in kept if old[each].above == new[each].above == new[uid].above]
    order = sorted(siblings, key=lambda each: new[each].number)
    return siblings.index(uid) != order.index(uid)


def _where(place: _Place) -> str:
    number = place.number + 1
    if place.above:
        return _("place %(number)d in “%(submenu)s”") % {"number": number, "submenu": place.submenu}
    return _("place %(number)d") % {"number": number}


def _places(buttons: Sequence[Button]) -> dict[str, _Place]:
    found = {}
    for number, button in enumerate(buttons):
        found[button.uid] = _Place(button, "", number)
        for below, child in enumerate(button.children):
            found[child.uid] = _Place(child, button.uid, below, button.name)
    return found


def from_live(found: Sequence[object], ours: Buttons, media: dict[int, str]) -> list[ButtonDifference]:
    """Returns how the platform's buttons differ from ours."""
    theirs = adopted(from_platform(found), ours, media)
    # Values that the platform does not return are no differences.
    known = {each.uid: each for each in every(ours)}
    return differences(ours, tuple(_completed(each, known) for each in theirs))


def _completed(button: Button, known: dict[str, Button]) -> Button:
    ours = known.get(button.uid)
    children = tuple(_completed(each, known) for each in button.children)
    if ours is None:
        return replace(button, children=children)
    return replace(button, children=children, key=button.key or ours.key)


def in_words(before: Live, after: Live) -> list[str]:
    """Returns the difference between two states of the platform, a line for each button."""
    old = from_platform(before.button)
    found = differences(old, adopted(from_platform(after.button), old, {}))
    lines = [str(each) for each in found]
    gone = [each for each in before.conditional if not any(each.same(one) for one in after.conditional)]
    come = [each for each in after.conditional if not any(each.same(one) for one in before.conditional)]
    lines += [_("menu for %(rule)s removed") % {"rule": dict(each.rule)} for each in gone]
    lines += [_("menu for %(rule)s added") % {"rule": dict(each.rule)} for each in come]
    return lines
