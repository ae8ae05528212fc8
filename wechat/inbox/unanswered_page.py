"""What no rule answered, with the way to a rule."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.models import OfficialAccount
from accounts.rights import Area, Rights, current_account
from wechat.inbox import unanswered
from wechat.inbox.models import IgnoredText
from wechat.kernel.row_ids import row_id

PERIODS = {1: gettext_lazy("24 hours"), 7: gettext_lazy("7 days"), 30: gettext_lazy("30 days")}
USUAL = 7


def show(request: HttpRequest) -> HttpResponse:
    account = _account(request)
    days = _days(request.GET.get("days", ""))
    context = {
        **admin.site.each_context(request),
        "title": _("Unanswered messages"),
        "report": unanswered.report(account, days),
        "window": unanswered.WINDOW,
        "days": days,
        "periods": PERIODS.items(),
        "account": account,
        "rule_address": _rule_address(request, account),
        "ignored": IgnoredText.objects.filter(account=account).order_by("text")[: unanswered.SHOWN],
        "may_ignore": _may_ignore(request, account),
    }
    return TemplateResponse(request, "inbox/unanswered.html", context)


@require_POST
def ignore(request: HttpRequest) -> HttpResponse:
    """Leave a text out of the report, or take it in again."""
    account = _account(request)
    if not _may_ignore(request, account) or request.POST.get("account") != str(account.pk):
        raise PermissionDenied
    if "again" in request.POST:
        IgnoredText.objects.filter(account=account, text=request.POST["again"]).delete()
    elif text := request.POST.get("text", ""):
        unanswered.ignore(account, text)
    return redirect(f"{reverse('admin:inbox_unanswered')}?days={_days(request.POST.get('days', ''))}")


def _account(request: HttpRequest) -> OfficialAccount:
    account = current_account(request)
    if account is None or not Rights.of(request.user).may_view(Area.MESSAGES, account.pk):
        raise PermissionDenied
    return account


def _may_ignore(request: HttpRequest, account: OfficialAccount) -> bool:
    rights = Rights.of(request.user)
    return any(rights.may_change(area, account.pk) for area in (Area.MESSAGES, Area.CONTENT))


def _rule_address(request: HttpRequest, account: OfficialAccount) -> str:
    """Where a rule is made; empty where rules are not installed or not this person's business."""
    if not Rights.of(request.user).may_change(Area.CONTENT, account.pk):
        return ""
    try:
        return reverse("admin:replies_rule_add")
    except NoReverseMatch:
        return ""


def _days(text: str) -> int:
    days = row_id(text)
    return days if days in PERIODS else USUAL
