"""The form of the approval limits of each role."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from accounts.approvals import actions, limit_changes, policy
from accounts.approvals.actions import Action
from wechat.console.edit_conflicts import EditForm


class PolicyForm(EditForm, forms.Form):
    """A form with a field for each action and each role that may perform it; empty means no limit."""

    def __init__(self, account_id: int, data: Any = None) -> None:
        super().__init__(data)
        self.before = limit_changes.current(account_id)
        for action in limit_changes.settable():
            for role in action.roles:
                self.fields[f"{action.name}-{role}"] = _field(action, role, self.before[action.name, role])

    def wanted(self) -> dict[tuple[str, str], policy.Limit]:
        return {
            (action.name, role): _limit(action, self.cleaned_data[f"{action.name}-{role}"])
            for action in limit_changes.settable()
            for role in action.roles
        }


def _field(action: Action, role: str, limit: policy.Limit) -> forms.DecimalField:
    return forms.DecimalField(
        label=str(action.label),
        required=False,
        min_value=0,
        max_value=10**12,
        decimal_places=2 if action.scale == 100 else 0,
        initial=None if limit is None else (Decimal(limit) / action.scale).normalize().__format__("f"),
        widget=forms.NumberInput(
            attrs={
                "min": 0,
                "step": "any",
                "placeholder": _("no limit"),
                "aria-label": f"{action.label} · {actions.role_name(role)}",
            }
        ),
    )


def _limit(action: Action, typed: Decimal | None) -> policy.Limit:
    return None if typed is None else int(typed * action.scale)
