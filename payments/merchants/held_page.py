"""The button that lifts a hold on a merchant's work."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page
from accounts.staff.next_page import posted_next
from accounts.staff.rights import Area
from payments.merchants import held_work
from wechat.kernel.row_ids import row_id


@require_POST
@account_page(Area.MONEY, change=True)
def resume(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Lifts the hold on one kind of a merchant's work.

    Raises ``Http404`` unless the reader may handle all its money.
    """
    merchant = held_work.decided_by(request).filter(pk=row_id(request.POST.get("merchant", "")) or 0).first()
    if merchant is None:
        raise Http404
    if held_work.resume(merchant, [request.POST.get("work", "")]):
        audit.record(request, merchant, _("Had work on hold go on."))
        messages.success(request, _("It goes on now."))
    else:
        messages.info(request, _("Nothing was on hold any more."))
    return redirect(posted_next(request))
