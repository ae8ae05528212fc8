"""The menus of one account, their matching to followers, and the clients' copies (WeChat reference 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

Buttons = list[dict[str, Any]]

IOS = 1


class Person(Protocol):
    """The properties of a follower that menus depend on; tags are in the order in which they were added."""

    openid: str
    tags: list[int] | None


@dataclass(slots=True)
class Menu:
    """A menu of an account; ``matchrule`` is empty for the default menu."""

    menuid: int
    button: Buttons
    matchrule: dict[str, str] = field(default_factory=dict)

    def fits(self, tags: list[int], platform: int) -> bool:
        """Returns whether the menu is shown to a follower with these tags and this platform.

        Of several tags, the one added last counts.
        """
        tag, wanted = self.matchrule.get("tag_id"), self.matchrule.get("client_platform_type")
        if tag and (not tags or str(tags[-1]) != tag):
            return False
        return not wanted or wanted == str(platform)


@dataclass(slots=True)
class Copy:
    """The menu that a client shows, and the time at which it was fetched."""

    button: Buttons
    menuid: int
    at: float


@dataclass(slots=True)
class Menus:
    """The menus of an account.

    ``made_on_page``: a menu from the platform's own page; ``platforms``: followers' clients by openid.
    """

    default: Menu | None = None
    conditional: list[Menu] = field(default_factory=list)
    made_on_page: dict[str, Any] | None = None
    copies: dict[str, Copy] = field(default_factory=dict)
    platforms: dict[str, int] = field(default_factory=dict)

    def seen_by(self, person: Person) -> Menu | None:
        """Returns the newest conditional menu that fits the person, else the default menu."""
        platform = self.platforms.get(person.openid, IOS)
        for menu in reversed(self.conditional):
            if menu.fits(person.tags or [], platform):
                return menu
        return self.default

    def shown_to(self, person: Person, now: float, copy_seconds: float) -> Copy:
        """Returns the client's copy of the menu, which is fetched again after ``copy_seconds``."""
        copy = self.copies.get(person.openid)
        if copy is None or now - copy.at >= copy_seconds:
            copy = self.copies[person.openid] = self._fetched(person, now)
        return copy

    def forget_copy(self, openid: str) -> None:
        """Deletes a client's copy of the menu, because following again fetches the menu immediately."""
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
    """Converts a button from the page's format (children in ``sub_button.list``) to the API's format."""
    children = button.get("sub_button")
    if not isinstance(children, dict):
        return button
    return {**button, "sub_button": children.get("list", [])}
