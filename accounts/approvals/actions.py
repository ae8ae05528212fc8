"""The registry of actions that may need approval; each app declares its own.

    CAMPAIGN = actions.register(
        Action("campaign", _("Campaign"), Area.SENDING, carry_out=…, link=…, sized=followers)
    )

in a module that its ``handlers`` import. ``carry_out`` is called once somebody agreed, in one transaction
with the approval, and raises ``Refused`` with a sentence for staff where it cannot be done any more;
``drop`` when nobody did.
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

# Limits: without one, and nothing alone.
UNLIMITED, NOTHING = None, 0


FOLLOWERS = gettext_lazy("followers")


class Refused(Exception):
    """The step cannot be carried out; the text is a sentence that tells staff why."""


def followers(count: int) -> str:
    return ngettext("%d follower", "%d followers", count) % count


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of step that may need approval; who asks or decides must be allowed to change ``area``.

    ``usual`` are the limits until an owner sets others, by role, ``otherwise`` that of the roles it leaves
    out. ``unit`` says what limits count, ``scale`` how many of them one typed unit is.
    """

    name: str
    label: StrOrPromise
    area: Area
    carry_out: Callable[[Approval, User], object]
    link: Callable[[Approval], str]
    drop: Callable[[Approval], object] = lambda approval: None
    fingerprint: Callable[[Approval], str] = lambda approval: ""
    usual: Mapping[str, int | None] = field(default_factory=dict)
    otherwise: int | None = UNLIMITED
    has_api: bool = False
    unit: StrOrPromise = FOLLOWERS
    scale: int = 1
    in_words: Callable[[int], str] = followers

    @property
    def roles(self) -> list[str]:
        """Returns the roles that may take the step at all, business systems (``API``) among them."""
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
    """Returns the name of a role without what it is for."""
    if role == API:
        return _("Business systems, through the API")
    return re.split("[:：]", str(Role(role).label))[0]
