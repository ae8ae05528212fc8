"""The search for a person by whatever staff know of them, with an index for each way.

Apps above register further ways (the telephone number of an order), with the area the answer belongs to::

    @finds(Area.MONEY)
    def by_telephone(account_id, words): return Sale.objects.filter(…).values("openid")
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import MD5, Left
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.followers import handles
from accounts.followers.models import Follower, GivenName
from accounts.staff import personal_data
from accounts.staff.rights import Area, Rights, current_account
from wechat.kernel.registry import Registry

# No index finds a part of a Chinese name. Few followers have a name; while somebody types and waits for an
# answer, only the newest of those are searched.
LOOKED_AT = 50_000

# A query with one column, the openid.
Openids = QuerySet[Any, Any]
# Called with an account's id and the typed words; returns openids, or ``None`` for words it does not handle.
Finder = Callable[[int, str], Openids | None]

_finders: Registry[tuple[Area, Finder]] = Registry("finder of people")


def finds(area: Area) -> Callable[[Finder], Finder]:
    """Registers a finder for readers who may view the area."""

    def register(finder: Finder) -> Finder:
        _finders.add(f"{finder.__module__}.{finder.__qualname__}", (area, finder))
        return finder

    return register


def openids(
    account_id: int,
    words: str,
    may_view: Callable[[Area], bool] = lambda area: False,
    *,
    hidden: bool | None = None,
    newest: int | None = None,
) -> Openids:
    """Returns the openids of people found by OpenID, remark, name, handle, or a registered finder.

    A reader who may not see personal data finds people by OpenID and handle only. The reader is that of the
    current page, unless ``hidden`` says it for the person who asked for background work.
    With ``newest`` only that many of the newest names of each kind are searched.
    """
    words = words.strip()
    known = Follower.objects.filter(account=account_id)
    ways = [known.filter(openid=words)]
    if beginning := handles.digits_of(words.rpartition(" ")[2]):
        ways.append(of_handle(account_id, beginning))
    is_hidden = personal_data.is_hidden_from_reader(account_id) if hidden is None else hidden
    if not is_hidden:
        ways += _named(account_id, words, newest)
    found = [way.order_by().values("openid") for way in ways]
    for area, finder in _finders:
        if not is_hidden and may_view(area) and (more := finder(account_id, words)) is not None:
            found.append(more)
    return reduce(lambda one, other: one.union(other), found)


def _named(account_id: int, words: str, most: int | None) -> list[QuerySet[Any]]:
    known = Follower.objects.filter(account=account_id)
    return [
        newest_of(known.exclude(remark=""), most).filter(remark__icontains=words),
        newest_of(known.exclude(nickname=""), most).filter(nickname__icontains=words),
        newest_of(GivenName.objects.filter(account=account_id), most).filter(name__icontains=words),
    ]


def newest_of(rows: QuerySet[Any], most: int | None) -> QuerySet[Any]:
    return rows if most is None else rows.filter(pk__in=rows.order_by("-pk").values("pk")[:most])


def openids_for(request: HttpRequest | None, words: str) -> Openids:
    """Returns the result of ``openids`` in the reader's current account, limited to what the reader may see.

    Only the ``LOOKED_AT`` newest names of each kind are searched, so that the page does not have to wait.
    """
    account = current_account(request) if request else None
    if request is None or account is None:
        return Follower.objects.none().values("openid")
    rights, account_id = Rights.of(request.user), account.pk
    return openids(account_id, words, lambda area: rights.may_view(area, account_id), newest=LOOKED_AT)


def of_handle(account_id: int, beginning: str) -> QuerySet[Follower]:
    """Returns the followers whose handle is that of this beginning of their OpenID's hash."""
    hashed = Follower.objects.filter(account=account_id).alias(hashed=Left(MD5("openid"), handles.DIGITS))
    return hashed.filter(hashed=beginning)


def openid_of(account_id: int, written: str) -> str:
    """Returns the OpenID for a picked or pasted text, which is an OpenID, a remark, a name or a handle.

    Raises ``ValidationError`` if it means nobody, or several people.
    """
    written = written.strip()
    known = Follower.objects.filter(account=account_id)
    if known.filter(openid=written).exists():
        return written
    named = [of_handle(account_id, handles.digits_of(written.rpartition(" ")[2]))]
    if not personal_data.is_hidden_from_reader(account_id):
        given = GivenName.objects.filter(account=account_id, name=written).values("openid")
        named[:0] = [
            known.filter(remark=written),
            known.filter(nickname=written),
            known.filter(openid__in=given),
        ]
    for way in named if written else []:
        found = list(way.values_list("openid", flat=True)[:2])
        if len(found) == 1:
            return str(found[0])
        if found:
            raise ValidationError(_("Several followers are called so. Choose one of them."))
    raise ValidationError(_("The account has no follower of this name. Choose one from the list."))
