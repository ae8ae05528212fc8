"""The filter of amounts: ``¥{{ order.total|yuan }}``."""

from django import template

from wechat.sdk.pay import money

register = template.Library()


@register.filter
def yuan(fen: float) -> str:
    """Returns an amount in fen, which may be an average, as yuan with two decimals."""
    return money.yuan(round(fen))
