"""The template filters for figures of channel reports."""

from django import template

from wechat.sdk.pay import money

register = template.Library()


@register.filter
def yuan(fen: float | None) -> str:
    return "–" if fen is None else f"¥{money.yuan(round(fen))}"


@register.filter
def share(part: float | None) -> str:
    """Returns a part as per cent, 0.25 as 25%; a dash if there was nobody to ask about."""
    return "–" if part is None else f"{part:.0%}"
