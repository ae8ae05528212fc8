from django import template

from wechat.sdk.pay import money

register = template.Library()


@register.filter
def yuan(amount: int) -> str:
    """Fen as yuan with two decimals."""
    return money.yuan(amount)
