"""Erasing one person: what goes, what stays and why, and a second look before it is done."""

from django.contrib import messages
from django.contrib.admin.models import DELETION, LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts import erasing
from accounts.models import Follower
from accounts.pages import account_for, frame
from accounts.rights import Area, Rights, choose_account


def show(request: HttpRequest, pk: int) -> HttpResponse:
    follower = Follower.objects.filter(pk=pk).select_related("account").first()
    if follower is None or not Rights.of(request.user).may_view(Area.FOLLOWERS, follower.account_id):
        raise Http404
    choose_account(request, follower.account_id)
    account_for(request, Area.FOLLOWERS, change=True)
    held = erasing.holdings(follower)
    if request.method == "POST":
        erasing.erase(follower)
        # The entry must not repeat what was just forgotten.
        follower.refresh_from_db()
        LogEntry.objects.log_actions(request.user.pk or 0, [follower], DELETION, _("Erased the person."))
        messages.success(request, _("The person is erased."))
        return redirect("admin:accounts_follower_change", pk)
    context = frame(
        request,
        _("Erase this person"),
        Area.FOLLOWERS,
        follower=follower,
        goes=[holding.what for holding in held if holding.erase is not None],
        stays=[holding.what for holding in held if holding.erase is None],
    )
    return TemplateResponse(request, "accounts/erase.html", context)
