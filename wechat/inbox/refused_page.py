"""The page of spooled callbacks that Postgres refused."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, entered, frame
from accounts.staff.rights import Area
from wechat.inbox import spool
from wechat.kernel import work


@account_page(Area.MESSAGES)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the list of refused callbacks; posting tries all of them again."""
    if request.method == "POST":
        count = spool.try_again(account.pk)
        work.wake("inbox.replay_spool")
        done = ngettext("%d callback will be stored again.", "%d callbacks will be stored again.", count)
        audit.record_with_message(request, account, done % count)
        return redirect("admin:inbox_refused")
    context = frame(
        request,
        _("Callbacks that could not be stored"),
        refused=spool.refused(account.pk),
        may_try=entered(request).may_change,
    )
    return TemplateResponse(request, "inbox/refused.html", context)
