"""The colleagues of an account: their invitation, their roles, and the end of their access.

An owner sees and changes roles only in the owner's own accounts. Superusers belong to the installation and
are no account's colleagues.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from accounts.staff.rights import Area, Rights, Role


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff, with their roles in the reader's accounts."""

    user: User
    held: list[tuple[OfficialAccount, list[str]]]

    @property
    def is_invited_only(self) -> bool:
        """Returns whether a person was invited and has not set a password yet."""
        return not self.user.has_usable_password()


def name_of(user: User) -> str:
    return user.first_name or user.username


def of_accounts(accounts: Mapping[int, OfficialAccount], user: User | None = None) -> list[Colleague]:
    """Returns everybody with a role in one of these accounts, by name; with ``user``, only that person."""
    held: dict[int, dict[int, list[str]]] = {}
    users: dict[int, User] = {}
    rows = StaffRight.objects.filter(account__in=accounts, user__is_superuser=False).select_related("user")
    if user is not None:
        rows = rows.filter(user=user)
    for right in rows.order_by("role"):
        users[right.user_id] = right.user
        of_user = held.setdefault(right.user_id, {})
        of_user.setdefault(right.account_id, []).append(str(right.get_role_display()))
    return [
        Colleague(user, [(accounts[pk], roles) for pk, roles in held[user.pk].items()])
        for user in sorted(users.values(), key=lambda user: name_of(user).casefold())
    ]


def find(request: HttpRequest, pk: int) -> User | None:
    """Returns a person with a role in an account whose settings the reader may view, or ``None``."""
    seen = Rights.of(request.user).viewable(Area.SETTINGS)
    people = User.objects.filter(is_superuser=False, rights__account__in=seen)
    return people.distinct().filter(pk=pk).first()


def account_shared(request: HttpRequest, user: User, shown: int | None) -> int | None:
    """Returns an account in which the person has a role and whose settings the reader may view.

    ``shown`` is preferred; ``None`` if there is no such account.
    """
    seen = Rights.of(request.user).viewable(Area.SETTINGS)
    shared = list(
        StaffRight.objects.filter(user=user, account__in=seen)
        .order_by("pk")
        .values_list("account", flat=True)
    )
    return shown if shown in shared else next(iter(shared), None)


def may_reset_access(by: Rights, user: User) -> bool:
    """Returns whether the reader may make a password link for a person, or delete their second step.

    This needs the right to change the settings of all accounts of the person: the link gives access to all
    that the person may do, in other accounts as well. Who cannot sign in has no access to reset.
    """
    if user.is_superuser or not user.is_active:
        return False
    theirs = set(StaffRight.objects.filter(user=user).values_list("account", flat=True))
    return by.everything or theirs <= set(by.changeable(Area.SETTINGS))


@transaction.atomic
def invite(name: str, username: str, email: str, accounts: Iterable[OfficialAccount], role: str) -> User:
    """Creates a member of staff without a password."""
    user = User(username=username, first_name=name, email=email, is_staff=True)
    user.set_unusable_password()
    user.save()
    StaffRight.objects.bulk_create(StaffRight(user=user, account=each, role=role) for each in accounts)
    return user


@transaction.atomic
def set_roles(user: User, wanted: Mapping[int, Collection[str]]) -> None:
    """Sets exactly these roles in each account; deactivates a user who is left without any role.

    A deactivated user stays so: that is for those who run the installation, and the page says it.
    """
    for account_id, roles in wanted.items():
        StaffRight.objects.filter(user=user, account=account_id).exclude(role__in=roles).delete()
        StaffRight.objects.bulk_create(
            [StaffRight(user=user, account_id=account_id, role=role) for role in roles], ignore_conflicts=True
        )
    if not user.is_superuser and not StaffRight.objects.filter(user=user).exists():
        User.objects.filter(pk=user.pk).update(is_active=False)


def end_access(user: User, accounts: Iterable[int]) -> None:
    """Removes all roles in these accounts."""
    set_roles(user, dict.fromkeys(accounts, ()))


def roles_in(user: User, account_id: int) -> list[str]:
    held = StaffRight.objects.filter(user=user, account=account_id)
    return list(held.order_by("role").values_list("role", flat=True))


def in_words(roles: Iterable[str]) -> list[str]:
    return [str(Role(role).label) for role in roles]
