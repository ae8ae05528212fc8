"""The pages of daily quotas: their state, their reset, and the look-up of a request by its ``rid``."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official import quotas
from accounts.official.clients import client_for
from accounts.official.error_sentences import of_error, of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit, held_work
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.rights import Area
from wechat.sdk.answers import seconds
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls.base import rid_get
from wechat.sdk.errors import WeChatError


@account_page(Area.SETTINGS, posts_change=False)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the quotas; a POST reads them from WeChat now, or looks up the request of a ``rid``."""
    looked_up: dict[str, Any] = {}
    if request.method == "POST":
        if "rid" in request.POST:
            looked_up = _looked_up(account, request.POST["rid"].strip())
        else:
            _read(request, account)
            return redirect("operations_quotas")
    reading = quotas.watch(account)
    context = frame(
        request,
        _("Quotas"),
        reading=reading,
        quotas=quotas.of(reading),
        problem=of_row(reading),
        cleared=quotas.cleared_this_month(account),
        most=quotas.CLEARINGS_A_MONTH,
        **looked_up,
    )
    return TemplateResponse(request, "operations/quotas.html", context)


@account_page(Area.SETTINGS, change=True)
def clear(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the effects; a POST clears all daily counters, and resumes the work that waited for them."""
    cleared = quotas.cleared_this_month(account)
    if request.method == "POST":
        try:
            quotas.clear(account, reader(request))
        except WeChatError as error:
            messages.error(request, of_error(error))
            return redirect("operations_quotas")
        held_work.resume_after_quota(account)
        name = str(_("clearings this month"))
        audit.record(
            request, account, _("Had WeChat clear the quotas."), {name: cleared}, {name: cleared + 1}
        )
        messages.success(request, _("WeChat counts from zero again; what waited for it goes on."))
        _read(request, account)
        return redirect("operations_quotas")
    left = max(0, quotas.CLEARINGS_A_MONTH - cleared)
    context = frame(request, _("Clear the quotas"), cleared=cleared, left=left, most=quotas.CLEARINGS_A_MONTH)
    return TemplateResponse(request, "operations/quotas_clear.html", context)


def _read(request: HttpRequest, account: OfficialAccount) -> None:
    try:
        quotas.read(account)
    except WeChatError as error:
        messages.error(request, of_error(error))


def _looked_up(account: OfficialAccount, rid: str) -> dict[str, Any]:
    try:
        found = rid_get(client_for(account), rid)
    except WeChatError as error:
        return {"rid": rid, "rid_problem": of_error(error)}
    at = datetime.datetime.fromtimestamp(seconds(found, "invoke_time"), tz=BEIJING)
    return {"rid": rid, "found": found, "found_at": at}
