"""The changes of approval limits: tighter limits apply at once, looser ones once another owner agrees."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import actions, asking, policy
from accounts.approvals.actions import ACTIONS, NOTHING, Action
from accounts.approvals.models import Approval, ApprovalLimit
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from wechat.console.phrases import labelled

# The limits by action and role.
Limits = Mapping[tuple[str, str], policy.Limit]


def current(account_id: int) -> dict[tuple[str, str], policy.Limit]:
    """Returns every limit that an owner may set, by the action's name and role."""
    return {
        (action.name, role): limit
        for action in settable()
        for role, limit in policy.limits_of(account_id, action).items()
    }


def settable() -> list[Action]:
    return [action for action in ACTIONS if action is not LOOSENING]


def is_looser(before: policy.Limit, after: policy.Limit) -> bool:
    return before is not None and (after is None or after > before)


@transaction.atomic
def change(account: OfficialAccount, wanted: Limits, by: User) -> Approval | None:
    """Sets tighter limits now; returns the approval that the looser ones wait for, or ``None``."""
    before = current(account.pk)
    changed = {key: limit for key, limit in wanted.items() if limit != before[key]}
    looser = {key: limit for key, limit in changed.items() if is_looser(before[key], limit)}
    save(account.pk, {key: limit for key, limit in changed.items() if key not in looser})
    if not looser:
        return None
    request = asking.Request(
        account_id=account.pk,
        about=account,
        title=_("Looser approval limits"),
        size=len(looser),
        before=[in_words(key, before[key]) for key in looser],
        after=[in_words(key, limit) for key, limit in looser.items()],
        details={"limits": [[*key, limit] for key, limit in looser.items()]},
    )
    return asking.wait(LOOSENING, request, by)


def save(account_id: int, limits: Limits) -> None:
    for (action, role), limit in limits.items():
        ApprovalLimit.objects.update_or_create(
            account_id=account_id, action=action, role=role, defaults={"alone_up_to": limit}
        )


def in_words(key: tuple[str, str], limit: policy.Limit) -> str:
    action = ACTIONS.get(key[0])
    return labelled(f"{action.label} · {actions.role_name(key[1])}", limit_in_words(action, limit))


def limit_in_words(action: Action, limit: policy.Limit) -> str:
    if limit is None:
        return _("alone, without a limit")
    if limit == 0:
        return _("always a second person")
    return _("alone up to %(size)s") % {"size": action.in_words(limit)}


def _carry_out(approval: Approval, by: User) -> None:
    save(approval.account_id, {(action, role): limit for action, role, limit in approval.details["limits"]})


LOOSENING = actions.register(
    Action(
        "approval_policy",
        gettext_lazy("Approval limits"),
        Area.SETTINGS,
        carry_out=_carry_out,
        link=lambda approval: reverse("admin:approvals_policy"),
        otherwise=NOTHING,
        in_words=str,
    )
)
