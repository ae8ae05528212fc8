"""The decisions about approvals, which record when nobody else could have decided."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.approvals import actions, policy
from accounts.approvals.actions import ACTIONS, Refused
from accounts.approvals.models import Approval
from accounts.staff.rights import Area, Rights

State = Approval.State


def may_decide(approval: Approval, user: User) -> bool:
    """Returns whether a user may decide; the user who asked may only if nobody else has the right."""
    area = actions.of(approval).area
    if not Rights.of(user).may_change(area, approval.account_id):
        return False
    return approval.asked_by_id != user.pk or not policy.others(approval.account_id, area, user).exists()


def visible(rights: Rights, account_id: int) -> "QuerySet[Approval]":
    """Returns the approvals of an account that a user may view."""
    seen = [each.name for each in ACTIONS if rights.may_view(each.area, account_id)]
    return Approval.objects.filter(account=account_id, action__in=seen)


def waiting_for(user: User, account: Any) -> "QuerySet[Approval]":
    """Returns the waiting approvals that a user may decide, of an account or of a reference to one."""
    rights = Rights.of(user)
    decided_by_them = Q(pk__in=[])
    for area in Area:
        others = policy.others(OuterRef(OuterRef("account")), area, user)
        decided_by_them |= Q(
            ~Q(asked_by=user) | ~Q(Exists(others)),
            account__in=rights.changeable(area),
            action__in=[each.name for each in ACTIONS if each.area == area],
        )
    return Approval.objects.filter(decided_by_them, account=account, state=State.WAITING)


def approve(approval: Approval, by: User) -> Approval | None:
    """Approves and carries out a waiting approval; ``None`` if it no longer waits. Raises ``Refused``."""
    with transaction.atomic():
        locked = _locked(approval)
        if locked.state != State.WAITING:
            return None
        if not may_decide(locked, by):
            raise Refused(_("Somebody else has to agree to this."))
        action = actions.of(locked)
        if action.fingerprint(locked) != locked.fingerprint:
            raise Refused(_("It was changed after it was asked for. Have it asked for again."))
        locked.alone = locked.asked_by_id == by.pk
        _decided(locked, State.APPROVED, by)
        action.carry_out(locked, by)
        return locked


@transaction.atomic
def reject(approval: Approval, by: User) -> Approval | None:
    """Rejects a waiting approval, or takes it back if ``by`` asked for it; ``None`` if it no longer waits."""
    locked = _locked(approval)
    if locked.state != State.WAITING:
        return None
    _decided(locked, State.TAKEN_BACK if locked.asked_by_id == by.pk else State.REJECTED, by)
    actions.of(locked).drop(locked)
    return locked


def _locked(approval: Approval) -> Approval:
    return Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)


def _decided(approval: Approval, state: Approval.State, by: User) -> None:
    approval.state, approval.decided_by = state, by
    approval.decided_at, approval.due_at = timezone.now(), None
    approval.save()
