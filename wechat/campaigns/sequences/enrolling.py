"""The start and the end of enrolments in sequences. Every function is idempotent."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.campaigns.models import Enrolment, Sequence
from wechat.campaigns.sequences import entering, polling, turns
from wechat.kernel import work

State, Reason = Enrolment.State, Enrolment.Reason


def start(
    account: OfficialAccount,
    openid: str,
    trigger: str,
    key: str,
    *,
    at: datetime,
    channel_id: int | None = None,
    menu_key: str = "",
) -> int:
    """Enrols a follower in the account's sequences for an event; returns the number of new enrolments.

    ``key`` names the event, such as ``order:812``: if it is reported again, it enrols nobody.
    """
    wanted = Sequence.objects.filter(account=account, enabled=True, trigger=trigger)
    if trigger == "scan":
        wanted = wanted.filter(Q(channel=channel_id) | Q(channel=None))
    if trigger == "menu":
        wanted = wanted.filter(menu_key=menu_key)
    return sum(entering.one(sequence, openid, key, at) for sequence in wanted)


def replied(account: OfficialAccount, openid: str, at: datetime) -> None:
    _stop(_open(account, openid).filter(sequence__stop_on_reply=True, began_at__lte=at), Reason.REPLIED)


def purchased(account: OfficialAccount, openid: str, key: str) -> None:
    """Stops the enrolments of a follower that a purchase ends.

    Those that the order ``key`` itself began go on.
    """
    paying = _open(account, openid).filter(sequence__stop_on_purchase=True).exclude(began_with=key)
    _stop(paying, Reason.PURCHASED)


def left(account: OfficialAccount, openid: str, at: datetime) -> None:
    _stop(_open(account, openid).filter(began_at__lte=at), Reason.LEFT)


def remove(enrolment: Enrolment) -> None:
    """Stops an enrolment on the decision of staff."""
    _stop(_open(enrolment.account, enrolment.openid).filter(pk=enrolment.pk), Reason.REMOVED)


def reschedule(sequence: Sequence) -> None:
    """Schedules the enrolments of a changed sequence, and those paused behind it, to be processed now."""
    inside = Enrolment.objects.filter(sequence=sequence, state=State.RUNNING)
    inside.update(due_at=timezone.now())
    wake_everybody(sequence.account_id)


def switch(sequence: Sequence, *, on: bool) -> None:
    """Switches a sequence on or off; its enrolments go on or pause, and a worker looks for new ones."""
    sequence.enabled = on
    sequence.save(update_fields=["enabled"])
    polling.plan(sequence)
    reschedule(sequence)


def wake_everybody(account_id: int) -> None:
    """Wakes all paused enrolments of the account to check whether it is their turn."""
    waiting = Enrolment.objects.filter(account=account_id, state=State.PAUSED, sequence__enabled=True)
    waiting.update(state=State.RUNNING, due_at=timezone.now())
    work.wake("campaigns.run_sequences")


def _open(account: OfficialAccount, openid: str) -> QuerySet[Enrolment]:
    return Enrolment.objects.filter(account=account, openid=openid, state__in=[State.RUNNING, State.PAUSED])


def _stop(enrolments: QuerySet[Enrolment], reason: Enrolment.Reason) -> None:
    for enrolment in enrolments:
        with turns.one_at_a_time(enrolment.account_id, enrolment.openid):
            still = Enrolment.objects.filter(pk=enrolment.pk, state__in=[State.RUNNING, State.PAUSED])
            still.update(state=State.STOPPED, reason=reason, step=None, due_at=None, ended_at=timezone.now())
            turns.wake(enrolment.account_id, enrolment.openid)
        work.wake("campaigns.run_sequences")
