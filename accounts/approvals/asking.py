"""The requests for approval: an action is performed at once, or once somebody else agrees."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.approvals import actions, policy
from accounts.approvals.actions import Action
from accounts.approvals.models import Approval
from wechat.kernel import work

State = Approval.State
LASTS = datetime.timedelta(days=3)
# How long a granted file may be downloaded again.
GRANTED_FOR = datetime.timedelta(days=1)
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request for approval; ``size`` is the amount that limits count, ``about`` the row concerned.

    ``before`` and ``after`` are lines to read, ``details`` the parameters of ``carry_out``. The request
    expires at ``until``, if it is of no use after that.
    """

    account_id: int
    about: Model | None
    title: str
    size: int
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    until: datetime.datetime | None = None


def may_alone(action: Action, account_id: int, size: int, by: User | None) -> bool:
    """Returns whether ``by`` (``None``: a business system) may do this amount without approval."""
    limit = (
        policy.limit_of(by, account_id, action) if by else policy.limit_of_api(account_id, action)
    )  # fmt: skip
    return policy.allows(limit, size)


def ask(action: Action, wanted: Request, by: User | None, *, through: str = "") -> Approval | None:
    """Requests an approval and returns it, or returns ``None`` if the action may be performed at once.

    ``through`` is the name of a business system that asks. A new request replaces the waiting one about the
    same row.
    """
    if may_alone(action, wanted.account_id, wanted.size, None if through else by):
        return None
    return wait(action, wanted, by, through=through)


def ask_to_repeat(action: Action, wanted: Request, by: User) -> Approval | None:
    """Returns the waiting approval, or ``None`` if none is needed or as much was granted within a day.

    For actions that users perform themselves once granted, perhaps repeatedly, such as downloading a file.
    """
    if may_alone(action, wanted.account_id, wanted.size, by):
        return None
    asked = Approval.objects.filter(
        account=wanted.account_id,
        action=action.name,
        asked_by=by,
        details=dict(wanted.details),
        size__gte=wanted.size,
    )
    if asked.filter(state=State.APPROVED, decided_at__gt=timezone.now() - GRANTED_FOR).exists():
        return None
    return asked.filter(state=State.WAITING).first() or wait(action, wanted, by)


@transaction.atomic
def wait(action: Action, wanted: Request, by: User | None, *, through: str = "") -> Approval:
    """Creates and returns a request that somebody else has to decide, whatever the limit is."""
    now = timezone.now()
    if wanted.about is not None:
        _waiting_about(wanted.about, action).update(
            state=State.TAKEN_BACK, decided_at=now, decided_by=by, due_at=None
        )
    ends = min(wanted.until or now + LASTS, now + LASTS)
    approval = Approval(
        account_id=wanted.account_id,
        action=action.name,
        kind=wanted.about._meta.label_lower if wanted.about else "",
        object_id=str(wanted.about.pk) if wanted.about else "",
        title=wanted.title[:LONGEST_TITLE],
        size=wanted.size,
        before=list(wanted.before),
        after=list(wanted.after),
        details=dict(wanted.details),
        asked_by=by,
        asked_through=through,
        expires_at=ends,
        due_at=ends,
    )
    approval.fingerprint = action.fingerprint(approval)
    approval.save()
    return approval


def waiting_about(row: Model) -> Approval | None:
    """Returns the approval that waits about a row, or ``None``."""
    found: Approval | None = _waiting_about(row).select_related("asked_by").first()
    return found


def drop_about(row: Model, by: User) -> None:
    """Marks the approvals that wait about a row as taken back, without calling their action's ``drop``."""
    _waiting_about(row).update(state=State.TAKEN_BACK, decided_at=timezone.now(), decided_by=by, due_at=None)


def _waiting_about(row: Model, action: Action | None = None) -> Any:
    rows = Approval.objects.filter(kind=row._meta.label_lower, object_id=str(row.pk), state=State.WAITING)
    return rows.filter(action=action.name) if action else rows


EXPIRY = work.Kind(
    "approvals.expire",
    lambda: Approval.objects.filter(state=State.WAITING),
    label=gettext_lazy("Ending approvals that are no longer valid"),
    lease=datetime.timedelta(minutes=2),
    queue=work.BULK,
    subject="",
)


@EXPIRY.each
def expire(approval: Approval) -> None:
    """Marks an approval that nobody decided in time as expired."""
    with transaction.atomic():
        locked = Approval.objects.select_for_update(of=("self",)).get(pk=approval.pk)
        if locked.state == State.WAITING:
            locked.state, locked.decided_at, locked.due_at = State.EXPIRED, timezone.now(), None
            locked.save()
            actions.of(locked).drop(locked)
