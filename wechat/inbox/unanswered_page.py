"""The page of unanswered messages, from which staff make rules."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, entered, frame
from accounts.staff.rights import Area, Rights
from wechat.inbox import unanswered
from wechat.inbox.models import IgnoredText
from wechat.kernel.row_ids import row_id

PERIODS = {1: gettext_lazy("24 hours"), 7: gettext_lazy("7 days"), 30: gettext_lazy("30 days")}
USUAL = 7
# Whoever may change one of these may leave a text out of the report.
IGNORING = (Area.MESSAGES, Area.CONTENT)


@account_page(Area.MESSAGES, by=IGNORING)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    days = _days(request.GET.get("days", ""))
    context = frame(
        request,
        _("Unanswered messages"),
        report=unanswered.report(account, days),
        window=unanswered.WINDOW,
        days=days,
        periods=PERIODS.items(),
        rule_address=_rule_address(request, account),
        ignored=IgnoredText.objects.filter(account=account).order_by("text")[: unanswered.SHOWN],
        may_ignore=entered(request).may_change,
    )
    return TemplateResponse(request, "inbox/unanswered.html", context)


@require_POST
@account_page(Area.MESSAGES, by=IGNORING)
def ignore(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Excludes a text from the report, or includes it again."""
    if "again" in request.POST:
        IgnoredText.objects.filter(account=account, text=request.POST["again"]).delete()
        audit.record(request, account, _("Took a text into the report of unanswered messages again"))
    elif text := request.POST.get("text", ""):
        unanswered.ignore(account, text)
        audit.record(request, account, _("Left a text out of the report of unanswered messages"))
    return redirect(f"{reverse('admin:inbox_unanswered')}?days={_days(request.POST.get('days', ''))}")


def _rule_address(request: HttpRequest, account: OfficialAccount) -> str:
    """Returns the address of the form for a rule; empty if the reader may not make one."""
    may_add = Rights.of(request.user).may_change(Area.CONTENT, account.pk)
    return reverse("admin:replies_rule_add") if may_add else ""


def _days(text: str) -> int:
    days = row_id(text)
    return days if days in PERIODS else USUAL
