"""The limits up to which a user may perform an action alone, set by the account's owner."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from accounts.approvals.actions import Action
from accounts.approvals.models import API, ApprovalLimit
from accounts.staff.models import StaffRight
from accounts.staff.rights import CHANGES, Area, Rights, Role

Limit = int | None


def limits_of(account_id: int, action: Action) -> dict[str, Limit]:
    """Returns by role the limit up to which it may perform an action alone (``None``: no limit)."""
    kept = ApprovalLimit.objects.filter(account=account_id, action=action.name)
    own = dict(kept.values_list("role", "alone_up_to"))
    return {role: own.get(role, action.usual_limit(role)) for role in action.roles}


def limit_of(user: User, account_id: int, action: Action) -> Limit:
    """Returns the highest limit of a user's roles. Superusers count as owners."""
    rights = Rights.of(user)
    roles = rights.roles.get(account_id, frozenset()) | ({Role.OWNER} if rights.everything else set())
    limits = limits_of(account_id, action)
    return _widest(limits[role] for role in roles if role in limits)


def limit_of_api(account_id: int, action: Action) -> Limit:
    return limits_of(account_id, action).get(API, 0)


def allows(limit: Limit, size: int) -> bool:
    return limit is None or (limit > 0 and size <= limit)


def roles_that_decide(area: Area) -> list[str]:
    return [role for role, areas in CHANGES.items() if area in areas]


def others(account: Any, area: Area, by: User) -> QuerySet[User]:
    """Returns the users other than that one who may decide.

    ``account`` is an id, or a reference to it for a subquery of a subquery.
    """
    held = StaffRight.objects.filter(account=account, role__in=roles_that_decide(area))
    people = User.objects.filter(is_active=True, is_staff=True).exclude(pk=by.pk)
    return people.filter(Q(is_superuser=True) | Q(pk__in=held.values("user")))


def _widest(limits: Iterable[Limit]) -> Limit:
    found = list(limits)
    return None if None in found else max((each for each in found if each is not None), default=0)
