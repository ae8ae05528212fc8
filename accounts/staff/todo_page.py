"""The page of the to-do items, and their numbers, which the script of every page polls."""

from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_GET, require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, todo
from accounts.staff.gate import account_page, reader
from accounts.staff.rights import Area, Rights, current_account
from accounts.staff.todo import KINDS, Severity, TodoItem
from wechat.console.phrases import labelled
from wechat.kernel.row_ids import row_id

COLOURS = {Severity.FAULT: "bad", Severity.DECISION: "warn", Severity.NOTICE: "plain"}


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Shows the reader's to-do items by account, that of the switcher first."""
    chosen = current_account(request)
    found = sorted(todo.waiting(reader(request)), key=lambda each: each.account != chosen)
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Waiting for you"),
        "chosen": chosen,
        "several": len(Rights.of(request.user).accounts) > 1,
        "accounts": [
            (account, [(each, COLOURS[each.kind.severity]) for each in several])
            for account, several in groupby(found, key=lambda each: each.account)
        ],
    }
    return TemplateResponse(request, "staff/todo.html", context)


@require_GET
@conditional_page
def counts(request: HttpRequest) -> HttpResponse:
    """Returns the numbers of to-do items for the script of every page; 304 as long as they are unchanged."""
    found = todo.waiting(reader(request))
    chosen = current_account(request)
    of_pages: dict[str, int] = {}
    for each in found:
        if each.account == chosen:
            page = reverse(each.kind.page)
            of_pages[page] = of_pages.get(page, 0) + each.number
    total = sum(each.number for each in found)
    answer = JsonResponse(
        {
            "total": todo.shown(total) if total else "",
            "pages": {page: todo.shown(number) for page, number in of_pages.items()},
            "kinds": [_payload(each) for each in found],
        }
    )
    # The browser may store the answer for revalidation only.
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _payload(each: TodoItem) -> dict[str, Any]:
    return {
        "key": f"{each.account.pk}:{each.name}",
        "title": str(each.kind.title),
        "account": each.account.name,
        "number": each.number,
    }


@require_POST
@account_page(Area.FOLLOWERS, by=tuple(Area))
def acknowledge(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Acknowledges the things of a kind, up to the newest one that the page showed."""
    name, newest = request.POST.get("kind", ""), row_id(request.POST.get("newest", ""))
    kind = KINDS.find(name)
    if kind is None or not kind.acknowledged or newest is None:
        raise Http404
    if not kind.is_for(Rights.of(request.user), account.pk):
        raise PermissionDenied
    todo.acknowledge(account, name, newest, reader(request))
    audit.record(request, account, labelled(_("Said to have seen"), kind.title))
    messages.success(request, _("It is shown again when another one comes."))
    return redirect("todo")
