"""The rights of roles to view and change areas of the console, and the roles of staff in accounts."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight

Role = StaffRight.Role
SESSION_KEY = "account"


class Area(enum.Enum):
    """A part of the console to which a role gives access as a whole."""

    SETTINGS = "settings"  # the account itself: keys, modes, set-up check
    FOLLOWERS = "followers"  # followers and tags
    MESSAGES = "messages"  # the log, conversations, answers by hand
    CONTENT = "content"  # rules, menus, materials, channels
    SENDING = "sending"  # publishing, pushes, campaigns
    MONEY = "money"  # orders and refunds


ALL = frozenset(Area)
CHANGES: Mapping[str, frozenset[Area]] = {
    Role.EDITOR: frozenset({Area.CONTENT}),
    Role.PUBLISHER: frozenset({Area.CONTENT, Area.SENDING}),
    Role.SERVICE: frozenset({Area.MESSAGES, Area.FOLLOWERS}),
    Role.FINANCE: frozenset({Area.MONEY}),
    Role.AUDITOR: frozenset(),
    Role.OWNER: ALL,
}
VIEWS: Mapping[str, frozenset[Area]] = {
    Role.EDITOR: frozenset({Area.CONTENT, Area.MESSAGES, Area.FOLLOWERS, Area.SENDING}),
    Role.PUBLISHER: frozenset({Area.CONTENT, Area.MESSAGES, Area.FOLLOWERS, Area.SENDING}),
    Role.SERVICE: frozenset({Area.CONTENT, Area.MESSAGES, Area.FOLLOWERS, Area.SENDING}),
    Role.FINANCE: frozenset({Area.MONEY, Area.FOLLOWERS}),
    Role.AUDITOR: ALL,
    Role.OWNER: ALL,
}


@dataclass(frozen=True)
class Rights:
    """The accounts a member of staff works with, by id in the order of their names, and the roles in each."""

    everything: bool
    accounts: Mapping[int, OfficialAccount]
    roles: Mapping[int, frozenset[str]]

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Returns the rights of a user, cached on the user object, which each request has anew.

        They are needed dozens of times a page, and so looked up once.
        """
        kept = vars(user)
        if "_account_rights" not in kept:
            kept["_account_rights"] = cls._looked_up(user)
        found: Self = kept["_account_rights"]
        return found

    @classmethod
    def _looked_up(cls, user: AbstractBaseUser | AnonymousUser) -> Self:
        if not isinstance(user, User) or not (user.is_active and user.is_staff):
            return cls(everything=False, accounts={}, roles={})
        if user.is_superuser:
            every = {account.pk: account for account in OfficialAccount.objects.all()}
            return cls(everything=True, accounts=every, roles={})
        roles: dict[int, frozenset[str]] = {}
        accounts: dict[int, OfficialAccount] = {}
        held = StaffRight.objects.filter(user=user).select_related("account").order_by("account__name")
        for right in held:
            accounts[right.account_id] = right.account
            roles[right.account_id] = roles.get(right.account_id, frozenset()) | {right.role}
        return cls(everything=False, accounts=accounts, roles=roles)

    def may_view(self, area: Area, account_id: int | None) -> bool:
        return self._may(VIEWS, area, account_id)

    def may_change(self, area: Area, account_id: int | None) -> bool:
        return self._may(CHANGES, area, account_id)

    def viewable(self, area: Area) -> list[int]:
        return [pk for pk in self.accounts if self.may_view(area, pk)]

    def changeable(self, area: Area) -> list[int]:
        return [pk for pk in self.accounts if self.may_change(area, pk)]

    def _may(self, table: Mapping[str, frozenset[Area]], area: Area, account_id: int | None) -> bool:
        if self.everything:
            return True
        return any(area in table[role] for role in self.roles.get(account_id or 0, ()))


def current_account(request: HttpRequest) -> OfficialAccount | None:
    """Returns the account of the switcher, by default the first; ``None`` for staff without any account."""
    accounts = Rights.of(request.user).accounts
    chosen = accounts.get(request.session.get(SESSION_KEY, 0))
    return chosen or next(iter(accounts.values()), None)


def choose_account(request: HttpRequest, account_id: int) -> bool:
    """Moves the switcher to an account; returns ``False`` if the user may not work with it."""
    if account_id not in Rights.of(request.user).accounts:
        return False
    if request.session.get(SESSION_KEY) != account_id:
        request.session[SESSION_KEY] = account_id
    return True


def follow_account(request: HttpRequest, account_id: int) -> None:
    """Moves the switcher to the account of the opened row, and says so if it showed another account.

    Requests that an open page makes by itself move nothing: another tab may show another account.
    """
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return
    before = current_account(request)
    if choose_account(request, account_id) and before and before.pk != account_id:
        name = Rights.of(request.user).accounts[account_id].name
        messages.info(request, _("The console shows “%(name)s” now.") % {"name": name})
