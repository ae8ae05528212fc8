from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.gate import shown_account

register = template.Library()


@register.simple_tag(takes_context=True)
def account_field(context: dict[str, Any]) -> SafeString:
    """The account that a form is made for, in the form: the gate lets it change no other."""
    account = shown_account(context["request"])
    return format_html('<input type="hidden" name="account" value="{}">', account.pk if account else "")
