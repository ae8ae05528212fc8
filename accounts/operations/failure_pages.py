"""The pages of failed work, grouped by cause, with buttons to retry one row or all with the same cause."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from accounts.operations import failures
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area, Rights
from wechat.console.phrases import labelled
from wechat.kernel.row_ids import row_id

# A reader who may view one of the areas sees the failures in it.
AREAS = tuple(Area)
SHOWN = 100


@account_page(Area.FOLLOWERS, by=AREAS)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows failed work by cause; a POST retries everything with one cause."""
    rights = Rights.of(request.user)
    if request.method == "POST":
        source = _source(request, account, request.POST.get("source", ""))
        rows = failures.of(account, rights, request.POST["source"], request.POST.get("cause", ""))
        _try_again(request, account, source, [row.pk for row in rows])
        return redirect("operations_failures")
    context = frame(request, _("What failed"), groups=failures.groups(account, rights), most=failures.MOST)
    return TemplateResponse(request, "operations/failures.html", context)


@account_page(Area.FOLLOWERS, by=AREAS)
def listed(request: HttpRequest, account: OfficialAccount, name: str) -> HttpResponse:
    """Shows the rows that failed for one cause; a POST retries those that are ticked."""
    source = _source(request, account, name)
    key = request.GET.get("cause", "")
    if request.method == "POST":
        chosen = [pk for each in request.POST.getlist("row") if (pk := row_id(each))]
        _try_again(request, account, source, chosen)
        return redirect("operations_failures")
    rights = Rights.of(request.user)
    rows = failures.of(account, rights, name, key)[:SHOWN]
    if not rows:
        return redirect("operations_failures")
    context = frame(
        request,
        _("What failed"),
        source=source,
        why=source.why(*failures.cause_of(source, rows[0])),
        rows=[(row.pk, source.title(row), source.link(row)) for row in rows],
        may_retry=source.may_try_again(rights, account),
    )
    return TemplateResponse(request, "operations/failures_of.html", context)


def _source(request: HttpRequest, account: OfficialAccount, name: str) -> FailureSource:
    """Returns a source of failures. Raises ``Http404`` for one that the reader may not view."""
    source = SOURCES.find(name)
    if source is None or not Rights.of(request.user).may_view(source.area, account.pk):
        raise Http404
    return source


def _try_again(
    request: HttpRequest, account: OfficialAccount, source: FailureSource, chosen: list[int]
) -> None:
    rights = Rights.of(request.user)
    if not source.may_try_again(rights, account):
        raise PermissionDenied
    number = failures.try_again(account, rights, source, chosen)
    if not number:
        messages.info(request, _("Nothing was left to try again."))
        return
    sentence = ngettext("%d is tried again.", "%d are tried again.", number) % number
    audit.record_with_message(request, account, labelled(source.label, sentence))
