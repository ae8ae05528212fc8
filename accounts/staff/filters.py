"""The filters of lists: the last ones are remembered for the session, named ones are saved.

Both belong to one account, like the tags, channels and segments that they refer to.
"""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import gate
from accounts.staff.models import SavedFilter
from accounts.staff.next_page import posted_next
from accounts.staff.rights import current_account
from wechat.console.big_tables import FilterForm
from wechat.kernel.row_ids import row_id

SESSION_KEY = "filters"
# The parameter that shows the list without the remembered filters.
ALL = "all"
MOST = 20


def remembered(request: HttpRequest, listed: str, form: FilterForm) -> HttpResponse | None:
    """Remembers the list's filters; redirects to the last ones if the list was opened without any.

    Returns ``None`` if the list is to be shown as it was requested.
    """
    account = current_account(request)
    if account is None or request.method != "GET":
        return None
    known: dict[str, str] = request.session.get(SESSION_KEY, {})
    key = f"{account.pk}:{listed}"
    if ALL in request.GET:
        _remember(request, key, "")
        return HttpResponseRedirect(request.path)
    # Only the form above the list sends all fields; the filters of a link from another page are not
    # remembered.
    if set(form.fields) <= set(request.GET):
        _remember(request, key, _query_of(form))
    elif not request.GET and known.get(key):
        return HttpResponseRedirect(f"{request.path}?{known[key]}")
    return None


def context(request: HttpRequest, listed: str, form: FilterForm) -> dict[str, Any]:
    """Returns the template context for the bar of filters: the saved ones, and the current one."""
    kept = SavedFilter.objects.filter(user=request.user.pk, account=current_account(request), listed=listed)
    query = _query_of(form)
    return {"saved_filters": kept, "filter_query": query, "filter_listed": listed}


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Saves the filters of a list under a name, replacing one of the same name."""
    account, user_id = _account(request), int(request.user.pk or 0)
    name, listed = request.POST.get("name", "").strip()[:40], request.POST.get("listed", "")[:100]
    query = QueryDict(request.POST.get("query", "")[:1000]).urlencode()
    mine = SavedFilter.objects.filter(user=user_id, account=account, listed=listed)
    if not (name and query and listed):
        messages.error(request, _("Type a name for the filter."))
    elif mine.exclude(name=name).count() >= MOST:
        messages.error(request, _("At most 20 filters are kept for a list: delete one first."))
    else:
        SavedFilter.objects.update_or_create(
            user_id=user_id, account=account, listed=listed, name=name, defaults={"query": query}
        )
        messages.success(request, _("The filter “%(name)s” is kept.") % {"name": name})
    return _back(request)


@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Deletes one of the reader's own filters."""
    account = _account(request)
    mine = SavedFilter.objects.filter(user=request.user.pk, account=account)
    mine.filter(pk=row_id(request.POST.get("filter", "")) or 0).delete()
    return _back(request)


def _account(request: HttpRequest) -> OfficialAccount:
    account = current_account(request)
    gate.check_posted(request, account)
    if account is None:
        raise PermissionDenied
    return account


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(posted_next(request))


def _query_of(form: FilterForm) -> str:
    query = QueryDict(mutable=True)
    for name in form.fields:
        if value := form.data.get(name):
            query[name] = value
    return query.urlencode()


def _remember(request: HttpRequest, key: str, query: str) -> None:
    known = {**request.session.get(SESSION_KEY, {}), key: query}
    request.session[SESSION_KEY] = {each: kept for each, kept in known.items() if kept}
