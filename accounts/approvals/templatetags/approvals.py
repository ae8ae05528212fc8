from typing import Any

from django import template
from django.db.models import Model

from accounts.approvals import asking

register = template.Library()


@register.inclusion_tag("approvals/waits.html")
def waiting_approval(row: Model) -> dict[str, Any]:
    """Shows the approval that waits about a row, as a notice on the row's page."""
    return {"approval": asking.waiting_about(row) if row and row.pk else None}
