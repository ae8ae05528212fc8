"""The decision about a waiting action, with an entry in the audit log."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.approvals import actions, policy
from accounts.approvals.actions import ACTIONS, Refused
from accounts.approvals.models import Approval
from accounts.staff.rights import Rights

State = Approval.State


def may_decide(approval: Approval, user: User) -> bool:
    """Returns whether a user has the right to decide and did not ask; who asked may if nobody else has it."""
    area = actions.of(approval).area
    if not Rights.of(user).may_change(area, approval.account_id):
        return False
    return approval.asked_by_id != user.pk or not policy.others(approval.account_id, area, user)


def visible(rights: Rights, account_id: int) -> "QuerySet[Approval]":
    """Returns the approvals of an account that somebody may look at."""
    seen = [each.name for each in ACTIONS if rights.may_view(each.area, account_id)]
    return Approval.objects.filter(account=account_id, action__in=seen)


def waiting_for(user: User, account_id: int) -> "QuerySet[Approval]":
    """Returns the approvals that this person may decide, by an index, as every page counts them."""
    rights = Rights.of(user)
    able = [each.name for each in ACTIONS if rights.may_change(each.area, account_id)]
    rows = Approval.objects.filter(account=account_id, state=State.WAITING, action__in=able)
    own = set(rows.filter(asked_by=user.pk).values_list("action", flat=True))
    shared = [name for name in own if policy.others(account_id, ACTIONS.get(name).area, user)]
    return rows.exclude(asked_by=user.pk, action__in=shared)


def approve(approval: Approval, by: User) -> Approval | None:
    """Approves and carries out what waits; ``None`` if it does not wait any more. Raises ``Refused``."""
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
    """Rejects what waits, or takes it back if ``by`` asked for it; ``None`` if it does not wait any more."""
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
