from django import template

from payments.merchants.words import of_text
from wechat.sdk.pay import money

register = template.Library()


@register.filter
def pay_words(error: str) -> str:
    """A refusal of WeChat Pay that was kept as text, in the reader's language."""
    return of_text(error)


@register.filter
def yuan(amount: int) -> str:
    """Fen as yuan with two decimals."""
    return money.yuan(amount)
