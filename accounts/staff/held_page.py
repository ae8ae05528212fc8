"""The actions on work on hold: resume it, or send or cancel what is overdue."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, held_work
from accounts.staff.gate import account_page
from accounts.staff.next_page import posted_next
from accounts.staff.rights import Area


@require_POST
@account_page(Area.FOLLOWERS, by=held_work.DECIDING)
def resume(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Resumes the posted kinds of work on hold, which are those of the page with the button."""
    works = request.POST.getlist("work")
    if not held_work.may_resume(request, account.pk, *works):
        raise PermissionDenied
    if held_work.resume(account, works):
        audit.record(request, account, _("Had work on hold go on."))
        messages.success(request, _("It goes on now."))
    else:
        messages.info(request, _("Nothing was on hold any more."))
    return redirect(posted_next(request))


@require_POST
@account_page(Area.SENDING, change=True)
def decide(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Sends or cancels overdue sends; for readers who may send."""
    works = request.POST.getlist("work")
    if "send" in request.POST:
        number = held_work.send_overdue(account, works)
        note = _("Sent what was due long ago.")
        sentence = ngettext("%d goes out now.", "%d go out now.", number)
    else:
        number = held_work.cancel_overdue(account, works)
        note = _("Called off what was due long ago.")
        sentence = ngettext("%d is called off.", "%d are called off.", number)
    if number:
        audit.record(request, account, note)
        messages.success(request, sentence % number)
    else:
        messages.info(request, _("Nothing was on hold any more."))
    return redirect(posted_next(request))
