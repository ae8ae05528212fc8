"""The button that lifts a hold at once, for example after a quota was raised."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit, held_work
from accounts.staff.following import posted_next
from accounts.staff.gate import account_page
from accounts.staff.rights import Area


@require_POST
@account_page(Area.FOLLOWERS, by=held_work.DECIDING)
def go_on(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Has work on hold go on: the kinds of work that the page with the button is about."""
    works = request.POST.getlist("work")
    if not held_work.may_go_on(request, account.pk, *works):
        raise PermissionDenied
    if held_work.go_on(account, works):
        audit.record(request, account, _("Had work on hold go on."))
        messages.success(request, _("It goes on now."))
    else:
        messages.info(request, _("Nothing was on hold any more."))
    return redirect(posted_next(request))


@require_POST
@account_page(Area.SENDING, change=True)
def decide(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Sends or calls off overdue sends, for staff with the right to send."""
    works = request.POST.getlist("work")
    if "send" in request.POST:
        number = held_work.send_overdue(account, works)
        note = _("Sent what was due long ago.")
        sentence = ngettext("%d goes out now.", "%d go out now.", number)
    else:
        number = held_work.call_off_overdue(account, works)
        note = _("Called off what was due long ago.")
        sentence = ngettext("%d is called off.", "%d are called off.", number)
    if number:
        audit.record(request, account, note)
        messages.success(request, sentence % number)
    else:
        messages.info(request, _("Nothing was on hold any more."))
    return redirect(posted_next(request))
