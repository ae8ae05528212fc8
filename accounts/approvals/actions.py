"""The registry of actions that may need approval, each declared by the app that performs it.

A module that the app's ``handlers`` import registers it::

    CAMPAIGN = actions.register(
        Action("campaign", _("Campaign"), Area.SENDING, carry_out=…, link=…, otherwise=NOTHING)
    )

``carry_out`` is called once somebody approved, in one transaction with the approval; it raises ``Refused``
with a sentence for staff if the action is no longer possible. ``drop`` is called if nobody approved.
``own_step`` says what is left to whoever asked once it is approved, if anything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_stubs_ext import StrOrPromise

from accounts.approvals.models import API, Approval
from accounts.staff.rights import CHANGES, Area, Role
from wechat.kernel.registry import Registry

# Limits: no limit, and no action without approval.
UNLIMITED, NOTHING = None, 0


FOLLOWERS = gettext_lazy("number of people")


class Refused(Exception):
    """The action cannot be carried out; the message tells staff why."""


def followers(count: int) -> str:
    return ngettext("%d follower", "%d followers", count) % count


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of action that may need approval; who asks or decides must be allowed to change ``area``.

    ``usual`` are the limits by role until an owner sets others, ``otherwise`` that of the roles it leaves
    out. ``unit`` is what limits count, ``scale`` the number of counted units in one typed unit.
    """

    name: str
    label: StrOrPromise
    area: Area
    carry_out: Callable[[Approval, User], object]
    link: Callable[[Approval], str]
    drop: Callable[[Approval], object] = lambda approval: None
    own_step: Callable[[Approval], str] = lambda approval: ""
    fingerprint: Callable[[Approval], str] = lambda approval: ""
    usual: Mapping[str, int | None] = field(default_factory=dict)
    otherwise: int | None = UNLIMITED
    has_api: bool = False
    unit: StrOrPromise = FOLLOWERS
    scale: int = 1
    in_words: Callable[[int], str] = followers

    @property
    def roles(self) -> list[str]:
        """Returns the roles that may ask for the action at all, including ``API`` (business systems)."""
        able = [role for role, areas in CHANGES.items() if self.area in areas]
        return [*able, API] if self.has_api else able

    def usual_limit(self, role: str) -> int | None:
        return self.usual.get(role, self.otherwise)


ACTIONS: Registry[Action] = Registry("action that may need approval")


def register(action: Action) -> Action:
    return ACTIONS.add(action.name, action)


def of(approval: Approval) -> Action:
    return ACTIONS.get(approval.action)


def role_name(role: str) -> str:
    """Returns the name of a role without its explanation."""
    if role == API:
        return _("Business systems, through the API")
    return re.split("[:：]", str(Role(role).label))[0]
