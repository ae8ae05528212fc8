from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.official import doctor
from accounts.staff import held_work as held
from accounts.staff.gate import Gate, shown_account
from accounts.staff.rights import Area

register = template.Library()
DECIDE = Gate(Area.SENDING)
SETTINGS = Gate(Area.SETTINGS)


@register.simple_tag(takes_context=True)
def account_field(context: dict[str, Any]) -> SafeString:
    """Returns a hidden field with the form's account: the gate refuses to change another one."""
    account = shown_account(context["request"])
    return format_html('<input type="hidden" name="account" value="{}">', account.pk if account else "")


@register.inclusion_tag("staff/problems.html", takes_context=True)
def problems(context: dict[str, Any]) -> dict[str, Any]:
    """Shows the problems of the account that callbacks and calls have revealed, as long as they last."""
    request = context["request"]
    account = shown_account(request)
    return {
        "account": account,
        "problems": doctor.problems(account) if account else [],
        "may_open": SETTINGS.may_view(request, account.pk if account else None),
    }


@register.inclusion_tag("staff/held_work.html", takes_context=True)
def held_work(context: dict[str, Any], *works: str) -> dict[str, Any]:
    """Shows why these kinds of background work of the account wait, with a button to resume them."""
    request = context["request"]
    account = shown_account(request)
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "reasons": held.of(account, *works) if account else [],
        "overdue": held.overdue(account, *works) if account else [],
        "works": works,
        "may_go_on": held.may_resume(request, account.pk if account else None, *works),
        "may_decide": DECIDE.may_change(request, account.pk if account else None),
    }
