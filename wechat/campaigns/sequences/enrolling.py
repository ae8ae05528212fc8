"""The entering and leaving of sequences; everything here is safe to repeat."""

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.campaigns.models import Enrolment, Sequence
from wechat.campaigns.sequences import entering, looking, turns
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
    """Enrols somebody in the account's sequences for what happened at that time; returns how many are new.

    ``key`` names the occasion, as ``order:812``: told of again, it enrols nobody.
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
    """Ends the payer's sequences that a purchase ends, except those that this very order ``key`` began."""
    paying = _open(account, openid).filter(sequence__stop_on_purchase=True).exclude(began_with=key)
    _stop(paying, Reason.PURCHASED)


def left(account: OfficialAccount, openid: str, at: datetime) -> None:
    _stop(_open(account, openid).filter(began_at__lte=at), Reason.LEFT)


def remove(enrolment: Enrolment) -> None:
    """Takes somebody out, as staff decided."""
    _stop(_open(enrolment.account, enrolment.openid).filter(pk=enrolment.pk), Reason.REMOVED)


def look_again(sequence: Sequence) -> None:
    """Has everybody in a sequence whose steps were changed looked at anew, and those who wait behind it."""
    inside = Enrolment.objects.filter(sequence=sequence, state=State.RUNNING)
    inside.update(due_at=timezone.now())
    wake_everybody(sequence.account_id)


def switch(sequence: Sequence, *, on: bool) -> None:
    """Switches a sequence on or off; who is inside goes on, or waits, and a worker looks for who enters."""
    sequence.enabled = on
    sequence.save(update_fields=["enabled"])
    looking.plan(sequence)
    look_again(sequence)


def wake_everybody(account_id: int) -> None:
    """Has all who wait in the account's sequences look again whose turn it is."""
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
