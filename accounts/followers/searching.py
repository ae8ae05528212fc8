"""The search for people by whatever staff know of them, each way by its own index.

What apps above know (a telephone from an order) they register, with the area that their answer is about::

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

# A part of a name in Chinese has no index; those that have one are few, and whoever waits for an answer while
# they type is shown what the newest of them give.
LOOKED_AT = 50_000

# Rows of one column, the openid.
Openids = QuerySet[Any, Any]
# Given an account and what was typed: openids, or ``None`` for words that it knows nothing of.
Finder = Callable[[int, str], Openids | None]

_finders: Registry[tuple[Area, Finder]] = Registry("finder of people")


def finds(area: Area) -> Callable[[Finder], Finder]:
    """Registers a finder for readers who may look at the area."""

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
    """Returns the openids of those who fit: by OpenID, remark, name, handle, and what apps above may tell.

    A reader who may not see who people are finds them by OpenID and handle alone. That is the reader of the
    page that is being made, unless ``hidden`` says it of whoever asked for work that is done now.
    With ``newest`` only so many names of each kind are looked at.
    """
    words = words.strip()
    known = Follower.objects.filter(account=account_id)
    ways = [known.filter(openid=words)]
    if beginning := handles.digits_of(words.rpartition(" ")[2]):
        ways.append(of_handle(account_id, beginning))
    is_hidden = personal_data.hidden(account_id) if hidden is None else hidden
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
    """Returns what ``openids`` finds in the account that the reader looks at, as far as they may look.

    Of names so many are looked at that a page is there at once, whatever is looked for with them.
    """
    account = current_account(request) if request else None
    if request is None or account is None:
        return Follower.objects.none().values("openid")
    rights, account_id = Rights.of(request.user), account.pk
    return openids(account_id, words, lambda area: rights.may_view(area, account_id), newest=LOOKED_AT)


def of_handle(account_id: int, beginning: str) -> QuerySet[Follower]:
    """Returns the followers whose handle stands for this beginning of the hash of their OpenID."""
    hashed = Follower.objects.filter(account=account_id).alias(hashed=Left(MD5("openid"), handles.DIGITS))
    return hashed.filter(hashed=beginning)


def openid_of(account_id: int, written: str) -> str:
    """Returns the OpenID that a picked or pasted text means: it is one, or the remark, name or handle of one.

    Raises ``ValidationError`` if it means nobody, or several.
    """
    written = written.strip()
    known = Follower.objects.filter(account=account_id)
    if known.filter(openid=written).exists():
        return written
    named = [of_handle(account_id, handles.digits_of(written.rpartition(" ")[2]))]
    if not personal_data.hidden(account_id):
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
