"""The gate of console pages: the official account of a page, and the rights that its reader needs.

A page about the account of the switcher is called with that account, a page about one row with the row::

    @account_page(Area.SENDING)
    def show(request, account): ...

    @object_page(Campaign, Area.SENDING, change=True)
    def edit(request, campaign): ...

A POST is a change, for which the reader needs the right to change. The form of an account page contains the
account that it was made for (``{% account_field %}``): if the switcher was moved in another tab since, the
form changes nothing. A page about a row acts on the account of that row, whatever the switcher says.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area, Rights, choose_account, current_account, follow_account
from wechat.kernel.row_ids import row_id

P = ParamSpec("P")
Row = TypeVar("Row", bound=Model)
Answer = TypeVar("Answer", bound=HttpResponseBase)

AccountView = Callable[Concatenate[HttpRequest, OfficialAccount, P], Answer]
RowView = Callable[Concatenate[HttpRequest, Row, P], Answer]
Find = Callable[[HttpRequest, int], Row | None]


class WrongAccount(PermissionDenied):
    """A form was sent for another account than the one it would have changed; the message tells staff so."""


class RowsOfAnother(WrongAccount):
    """Some of the selected rows do not belong to the account that is shown."""

    def __str__(self) -> str:
        return _(
            "Some of these rows are gone, or belong to another account than the console shows now. "
            "Nothing was changed: open the list again."
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """The rights that the reader of a page needs in its account.

    The reader must be allowed to view ``area``. With ``change`` the page needs the right to change; without,
    only its POST requests do, unless ``posts_change`` says that they change nothing. ``by`` names areas of
    which the reader must be allowed to change one, instead of ``area`` itself.
    """

    area: Area
    change: bool = False
    by: tuple[Area, ...] = ()
    posts_change: bool = True

    def may_view(self, request: HttpRequest, account_id: int | None) -> bool:
        return Rights.of(request.user).may_view(self.area, account_id)

    def may_change(self, request: HttpRequest, account_id: int | None) -> bool:
        rights = Rights.of(request.user)
        return any(rights.may_change(area, account_id) for area in self.by or (self.area,))

    def check(self, request: HttpRequest, account_id: int | None) -> None:
        """Raises ``PermissionDenied`` for a change by a reader who may only view the account."""
        is_change = self.change or (self.posts_change and request.method == "POST")
        if is_change and not self.may_change(request, account_id):
            raise PermissionDenied


@dataclass(frozen=True, slots=True)
class Entered:
    """The account of the current page, and whether its reader may change what it shows."""

    account: OfficialAccount
    may_change: bool


def account_page(
    area: Area, *, change: bool = False, by: tuple[Area, ...] = (), posts_change: bool = True
) -> Callable[[AccountView[P, Answer]], Callable[Concatenate[HttpRequest, P], Answer]]:
    """Decorates a view with the gate for the switcher's account, which ``?account=7`` may move."""
    gate = Gate(area, change, by, posts_change)

    def decorate(view: AccountView[P, Answer]) -> Callable[Concatenate[HttpRequest, P], Answer]:
        @functools.wraps(view)
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> Answer:
            _choose_asked(request)
            account = current_account(request)
            if request.method == "POST":
                check_posted(request, account)
            account = _entered(request, account, gate)
            return view(request, account, *args, **kwargs)

        marked: Any = _marked(page, gate)
        return marked  # type: ignore[no-any-return]  # its arguments may be named, too

    return decorate


def named_account_page(
    area: Area, *, change: bool = False, posts_change: bool = True
) -> Callable[[AccountView[P, Answer]], Callable[Concatenate[HttpRequest, P], Answer]]:
    """Decorates a view that is a part of a form, such as a picker, with the gate for the account in its URL.

    The account of the switcher does not matter.
    """
    gate = Gate(area, change, posts_change=posts_change)

    def decorate(view: AccountView[P, Answer]) -> Callable[Concatenate[HttpRequest, P], Answer]:
        @functools.wraps(view)
        def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> Answer:
            account = Rights.of(request.user).accounts.get(row_id(request.GET.get("account", "")) or 0)
            account = _entered(request, account, gate)
            return view(request, account, *args, **kwargs)

        marked: Any = _marked(page, gate)
        return marked  # type: ignore[no-any-return]  # its arguments may be named, too

    return decorate


def object_page(
    rows: type[Row] | Callable[[], QuerySet[Row]],
    area: Area,
    *,
    change: bool = False,
    by: tuple[Area, ...] = (),
    posts_change: bool = True,
    is_file: bool = False,
) -> Callable[[RowView[Row, P, Answer]], Callable[Concatenate[HttpRequest, int, P], Answer]]:
    """Decorates a view with the gate for one row of an account; ``rows`` is its model, or returns the query.

    A reader who may not view the account gets a 404. Opening the page moves the switcher to the account,
    unless the page is a file, which may be a picture in a page about something else.
    """
    find = functools.partial(_find, rows)
    return gated_page(find, _account_id, Gate(area, change, by, posts_change), is_file=is_file)


def gated_page(
    find: Find[Row],
    account_id_of: Callable[[HttpRequest, Row], int | None],
    gate: Gate,
    *,
    is_file: bool = False,
) -> Callable[[RowView[Row, P, Answer]], Callable[Concatenate[HttpRequest, int, P], Answer]]:
    """Decorates a view like ``object_page``, for rows that are found in another way.

    ``find`` returns the row, ``account_id_of`` its account.
    """

    def decorate(view: RowView[Row, P, Answer]) -> Callable[Concatenate[HttpRequest, int, P], Answer]:
        @functools.wraps(view)
        def page(request: HttpRequest, pk: int, *args: P.args, **kwargs: P.kwargs) -> Answer:
            row = find(request, pk)
            account_id = account_id_of(request, row) if row is not None else None
            if row is None or not gate.may_view(request, account_id):
                raise Http404
            account = Rights.of(request.user).accounts.get(account_id or 0) or current_account(request)
            if "account" in request.POST:
                check_posted(request, account)
            account = _entered(request, account, gate)
            if not is_file:
                follow_account(request, account.pk)
            return view(request, row, *args, **kwargs)

        marked: Any = _marked(page, gate)
        return marked  # type: ignore[no-any-return]  # its arguments may be named, too

    return decorate


def check_posted(request: HttpRequest, shown: OfficialAccount | None) -> None:
    """Raises ``WrongAccount`` unless the form was made for the account that is shown."""
    accounts = Rights.of(request.user).accounts
    posted = row_id(request.POST.get("account", "")) or 0
    # A reader with a single account cannot have been shown another one.
    is_only_one = "account" not in request.POST and len(accounts) == 1
    if shown is not None and (posted == shown.pk or is_only_one):
        return
    made_for = accounts.get(posted)
    if made_for is None or shown is None:
        raise WrongAccount(
            _("What was sent is not about an account of yours. Nothing was changed: open the page again.")
        )
    raise WrongAccount(
        _(
            "The form was about “%(made_for)s”, but the console shows “%(shown)s” now. "
            "Nothing was changed: choose the account, then open the page again."
        )
        % {"made_for": made_for.name, "shown": shown.name}
    )


def entered(request: HttpRequest) -> Entered:
    """Returns the account and rights found by the gate. Raises ``KeyError`` for a page without a gate."""
    found: Entered = vars(request)["_entered"]
    return found


def reader(request: HttpRequest) -> User:
    """Returns the member of staff who reads the page."""
    assert isinstance(request.user, User)
    return request.user


def shown_account(request: HttpRequest) -> OfficialAccount | None:
    """Returns the account of the page, behind the gate or in a list or form of the admin."""
    found: Entered | None = vars(request).get("_entered")
    return found.account if found else current_account(request)


def frame(request: HttpRequest, title: StrOrPromise, **context: Any) -> dict[str, Any]:
    """Returns the template context that every page behind the gate needs, with the page's own."""
    page = entered(request)
    shown = {"title": title, "account": page.account, "may_change": page.may_change}
    return {**admin.site.each_context(request), **shown, **context}


def _entered(request: HttpRequest, account: OfficialAccount | None, gate: Gate) -> OfficialAccount:
    if account is None or not gate.may_view(request, account.pk):
        raise PermissionDenied
    gate.check(request, account.pk)
    vars(request)["_entered"] = Entered(account, gate.may_change(request, account.pk))
    return account


def _choose_asked(request: HttpRequest) -> None:
    if request.method == "GET" and (asked := row_id(request.GET.get("account", ""))):
        choose_account(request, asked)


def _find(rows: "type[Row] | Callable[[], QuerySet[Row]]", request: HttpRequest, pk: int) -> Row | None:
    query: QuerySet[Row] = cast(Any, rows)._default_manager.all() if isinstance(rows, type) else rows()
    return query.filter(pk=pk).first()


def _account_id(request: HttpRequest, row: Model) -> int | None:
    found: int | None = getattr(row, "account_id", None)
    return found


def _marked(page: Any, gate: Gate) -> Any:
    """Stores the gate on the page, so that a test can check that the page has one; returns the page."""
    vars(page)["gate"] = gate
    return page
