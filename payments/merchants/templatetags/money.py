from django import template

from payments.merchants.error_words import of_text
from wechat.sdk.pay import money

register = template.Library()


@register.filter
def pay_words(error: str) -> str:
    """Returns a refusal of WeChat Pay that was kept as text, in the reader's language."""
    return of_text(error)


@register.filter
def yuan(amount: int) -> str:
    """Returns an amount in fen as yuan with two decimals."""
    return money.yuan(amount)
