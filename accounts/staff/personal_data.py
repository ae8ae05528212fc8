"""The rights to see and export personal data, which an owner can withhold from a role.

A role that a page is for may do both, until its owner takes one of them away. What names a person asks about
the reader of the page that is being made (``hidden``), so that no page can forget to.
"""

from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.official.models import OfficialAccount
from accounts.staff.models import Withheld
from accounts.staff.rights import Rights, Role

What = Withheld.What
Person = AbstractBaseUser | AnonymousUser
MASK = "•••"

# Whose page is being made. Background work and calls of the API have no reader.
_reader: ContextVar[HttpRequest | None] = ContextVar("reader", default=None)


class ReaderMiddleware:
    """Keeps the request whose page is being made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _reader.set(request)
        try:
            return self.get_response(request)
        finally:
            _reader.reset(token)


def hidden(account_id: int) -> bool:
    """Returns whether the reader of the page that is being made may not see who the account's people are."""
    request = _reader.get()
    if request is None or not request.user.is_authenticated:
        return False
    return not may_see_persons(request.user, account_id)


def may_see_persons(user: Person, account_id: int) -> bool:
    """Returns whether names, remarks, phone numbers and the like are shown; they are masked otherwise."""
    return _may(user, account_id, What.PERSONS)


def may_export(user: Person, account_id: int) -> bool:
    """Returns whether a file with people may be made or downloaded."""
    return _may(user, account_id, What.EXPORT)


def check_export(request: HttpRequest, account_id: int) -> None:
    """Raises ``PermissionDenied`` for who may not make or download a file with people of the account."""
    if not may_export(request.user, account_id):
        raise PermissionDenied


def shown(value: str, *, allowed: bool) -> str:
    """Returns the value, or a mask of the same length whatever it is."""
    return value if allowed or not value else MASK


def for_reader(value: str, account_id: int) -> str:
    """Returns a value that tells who somebody is, or a mask for a reader who may not see it."""
    return shown(value, allowed=not hidden(account_id))


def withheld_in(account: OfficialAccount) -> set[tuple[str, str]]:
    """Returns the pairs of role and right that are withheld in an account."""
    return set(Withheld.objects.filter(account=account).values_list("role", "what"))


def withhold(account: OfficialAccount, wanted: set[tuple[str, str]]) -> None:
    """Withholds exactly these pairs of role and right in the account, and no others."""
    for role, what in withheld_in(account) - wanted:
        Withheld.objects.filter(account=account, role=role, what=what).delete()
    Withheld.objects.bulk_create(
        [Withheld(account=account, role=role, what=what) for role, what in sorted(wanted)],
        ignore_conflicts=True,
    )


def _may(user: Person, account_id: int, what: What) -> bool:
    """Returns whether one of the user's roles has the right; what is withheld is looked up once a request."""
    rights = Rights.of(user)
    if rights.everything:
        return True
    kept = vars(user)
    if "_withheld" not in kept:
        rows = Withheld.objects.filter(account__in=rights.accounts)
        kept["_withheld"] = set(rows.values_list("account", "role", "what"))
    roles = rights.roles.get(account_id, frozenset())
    return any((account_id, str(Role(role)), what.value) not in kept["_withheld"] for role in roles)
