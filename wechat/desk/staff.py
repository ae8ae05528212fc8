"""The staff who answer at the desk: their names, and their marks.

The marks are used like those of rules in the message log, and as the cause of pushes.
"""

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from accounts.staff.rights import CHANGES, Area
from wechat.inbox.answerers import Answerer, named

PREFIX = "staff"


def mark(user: User) -> str:
    """Returns the mark of a member of staff, such as ``staff:7``."""
    return f"{PREFIX}:{user.pk}"


def is_mark(by: str) -> bool:
    return by.startswith(f"{PREFIX}:")


def name(user: User) -> str:
    return user.get_full_name() or user.get_username()


@named(PREFIX, gone=gettext_lazy("a colleague who left"))
def names(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = User.objects.in_bulk([int(each) for each in ids if each.isdecimal()])
    return {str(pk): Answerer(name(user)) for pk, user in found.items()}


def colleagues(account: OfficialAccount) -> list[User]:
    """Returns the members of staff who may answer for this account."""
    roles = [role for role, areas in CHANGES.items() if Area.MESSAGES in areas]
    having = StaffRight.objects.filter(account=account, role__in=roles).values("user")
    found = User.objects.filter(is_active=True, is_staff=True)
    return sorted({*found.filter(pk__in=having), *found.filter(is_superuser=True)}, key=name)
