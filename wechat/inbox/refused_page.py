"""Callbacks that waited in the spool and that Postgres then would not take."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.rights import Area, Rights, current_account
from wechat.inbox import spool
from wechat.kernel import work


def show(request: HttpRequest) -> HttpResponse:
    """The list; posting tries all of them again."""
    account, rights = current_account(request), Rights.of(request.user)
    if account is None or not rights.may_view(Area.MESSAGES, account.pk):
        raise PermissionDenied
    may_try = rights.may_change(Area.MESSAGES, account.pk)
    if request.method == "POST":
        if not may_try or request.POST.get("account") != str(account.pk):
            raise PermissionDenied
        count = spool.try_again(account.pk)
        work.wake("inbox.replay_spool")
        done = ngettext("%d callback will be stored again.", "%d callbacks will be stored again.", count)
        messages.success(request, done % count)
        return redirect("admin:inbox_refused")
    context = {
        **admin.site.each_context(request),
        "title": _("Callbacks that could not be stored"),
        "account": account,
        "refused": spool.refused(account.pk),
        "may_try": may_try,
    }
    return TemplateResponse(request, "inbox/refused.html", context)
