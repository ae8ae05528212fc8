"""The menus of one account: what was set, who sees which, and a client's copy (WeChat reference 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

Buttons = list[dict[str, Any]]

IOS = 1


class Person(Protocol):
    """A follower, as far as menus go: the tags in the order they were given."""

    openid: str
    tags: list[int] | None


@dataclass(slots=True)
class Menu:
    """A menu of an account; `matchrule` is empty for the default menu."""

    menuid: int
    button: Buttons
    matchrule: dict[str, str] = field(default_factory=dict)

    def fits(self, tags: list[int], platform: int) -> bool:
        """Returns whether a follower with these tags and this platform is shown the menu.

        Somebody with several tags is matched by the one given last.
        """
        tag, wanted = self.matchrule.get("tag_id"), self.matchrule.get("client_platform_type")
        if tag and (not tags or str(tags[-1]) != tag):
            return False
        return not wanted or wanted == str(platform)


@dataclass(slots=True)
class Copy:
    """The menu a client shows, and when it fetched it."""

    button: Buttons
    menuid: int
    at: float


@dataclass(slots=True)
class Menus:
    """The menus of an account.

    `made_on_page`: a menu from the platform's own page; `platforms`: followers' clients by openid.
    """

    default: Menu | None = None
    conditional: list[Menu] = field(default_factory=list)
    made_on_page: dict[str, Any] | None = None
    copies: dict[str, Copy] = field(default_factory=dict)
    platforms: dict[str, int] = field(default_factory=dict)

    def seen_by(self, person: Person) -> Menu | None:
        """Returns the first conditional menu that fits, the newest one first, else the default one."""
        platform = self.platforms.get(person.openid, IOS)
        for menu in reversed(self.conditional):
            if menu.fits(person.tags or [], platform):
                return menu
        return self.default

    def shown_to(self, person: Person, now: float, copy_seconds: float) -> Copy:
        """Returns what the client shows: its copy, until that is old enough to be fetched again."""
        copy = self.copies.get(person.openid)
        if copy is None or now - copy.at >= copy_seconds:
            copy = self.copies[person.openid] = self._fetched(person, now)
        return copy

    def forget_copy(self, openid: str) -> None:
        """Deletes the copy of the menu that a client keeps: following again fetches the menu at once."""
        self.copies.pop(openid, None)

    def drop(self) -> None:
        self.default, self.made_on_page = None, None
        self.conditional.clear()

    def _fetched(self, person: Person, now: float) -> Copy:
        menu = self.seen_by(person)
        if menu is not None:
            return Copy(menu.button, menu.menuid, now)
        made = (self.made_on_page or {}).get("button", [])
        return Copy([flat(each) for each in made], 0, now)


def flat(button: dict[str, Any]) -> dict[str, Any]:
    """Returns a button of the page's form, whose children are in `sub_button.list`, in the API's form."""
    children = button.get("sub_button")
    if not isinstance(children, dict):
        return button
    return {**button, "sub_button": children.get("list", [])}
