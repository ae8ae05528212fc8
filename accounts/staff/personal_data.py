"""The rights to see personal data and to export it, which an owner may withhold from a role.

A role with access to a page has both rights until an owner withholds one. The functions that show a person
ask for the reader of the current page themselves (``is_hidden_from_reader``), so that no page can forget it.
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

# The request of the current page. Background work and calls of the API have no reader.
_reader: ContextVar[HttpRequest | None] = ContextVar("reader", default=None)


class ReaderMiddleware:
    """The middleware that stores the request of the current page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = _reader.set(request)
        try:
            return self.get_response(request)
        finally:
            _reader.reset(token)


def is_hidden_from_reader(account_id: int) -> bool:
    """Returns whether the reader of the current page may not see personal data in the account."""
    request = _reader.get()
    if request is None or not request.user.is_authenticated:
        return False
    return not may_see_persons(request.user, account_id)


def may_see_persons(user: Person, account_id: int) -> bool:
    """Returns whether the user may see names, remarks, phone numbers and the like; others see a mask."""
    return _may(user, account_id, What.PERSONS)


def may_export(user: Person, account_id: int) -> bool:
    """Returns whether the user may make or download a file with personal data."""
    return _may(user, account_id, What.EXPORT)


def check_export(request: HttpRequest, account_id: int) -> None:
    """Raises ``PermissionDenied`` if the reader may not make or download files with personal data."""
    if not may_export(request.user, account_id):
        raise PermissionDenied


def shown(value: str, *, allowed: bool) -> str:
    """Returns the value, or a mask whose length does not depend on the value."""
    return value if allowed or not value else MASK


def for_reader(value: str, account_id: int) -> str:
    """Returns a value that is personal data, or a mask for a reader who may not see it."""
    return shown(value, allowed=not is_hidden_from_reader(account_id))


def withheld_in(account: OfficialAccount) -> set[tuple[str, str]]:
    """Returns the pairs of role and right that are withheld in an account."""
    return set(Withheld.objects.filter(account=account).values_list("role", "what"))


def withhold(account: OfficialAccount, wanted: set[tuple[str, str]]) -> None:
    """Withholds exactly these pairs of role and right in the account."""
    for role, what in withheld_in(account) - wanted:
        Withheld.objects.filter(account=account, role=role, what=what).delete()
    Withheld.objects.bulk_create(
        [Withheld(account=account, role=role, what=what) for role, what in sorted(wanted)],
        ignore_conflicts=True,
    )


def _may(user: Person, account_id: int, what: What) -> bool:
    """Returns whether one of the user's roles has the right; withheld rights are looked up once a request."""
    rights = Rights.of(user)
    if rights.everything:
        return True
    kept = vars(user)
    if "_withheld" not in kept:
        rows = Withheld.objects.filter(account__in=rights.accounts)
        kept["_withheld"] = set(rows.values_list("account", "role", "what"))
    roles = rights.roles.get(account_id, frozenset())
    return any((account_id, str(Role(role)), what.value) not in kept["_withheld"] for role in roles)
