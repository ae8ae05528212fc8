"""The template filter that hides personal data."""

from django import template

from accounts.staff import personal_data

register = template.Library()


@register.filter
def personal(value: str, account_id: int) -> str:
    """Returns the value, or a mask for who may not see it: ``{{ answer|personal:order.account_id }}``."""
    return personal_data.for_reader(value, account_id)
