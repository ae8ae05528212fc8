"""The template filter for shares in the channel reports."""

from django import template

register = template.Library()


@register.filter
def share(part: float | None) -> str:
    """Returns a share in per cent (0.25 as 25%); a dash for ``None``."""
    return "–" if part is None else f"{part:.0%}"
