from typing import Any

from django import template
from django.db.models import Model

from accounts.approvals import asking

register = template.Library()


@register.inclusion_tag("approvals/waits.html")
def waiting_approval(row: Model) -> dict[str, Any]:
    """Returns what waits for somebody to agree about a row, for a notice on its page."""
    return {"approval": asking.waiting_about(row) if row and row.pk else None}
