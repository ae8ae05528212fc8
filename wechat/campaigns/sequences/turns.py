"""A follower is in one sequence at a time: the others wait for their turn."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from wechat.campaigns.models import Enrolment

State = Enrolment.State

LOCK_CLASS = 0x73657175


@contextmanager
def one_at_a_time(account_id: int, openid: str) -> Iterator[None]:
    """Locks a follower's enrolments: whoever pauses them and whoever wakes them wait for one another."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, f"{account_id}:{openid}"]
            )
        yield


def wake(account_id: int, openid: str) -> None:
    """Has a follower's paused enrolments look again whose turn it is, after one of theirs has ended."""
    paused = Enrolment.objects.filter(account=account_id, openid=openid, state=State.PAUSED)
    paused.filter(sequence__enabled=True).update(state=State.RUNNING, due_at=timezone.now())


def pass_on(account_id: int, openid: str) -> None:
    """Has a follower's paused enrolments look again, after one of theirs ended without being locked."""
    with one_at_a_time(account_id, openid):
        wake(account_id, openid)


def has_to_wait(enrolment: Enrolment) -> bool:
    """Returns whether another enrolment of the follower goes first.

    The higher priority goes first, then whoever began earlier; what is switched off holds nobody up.
    """
    mine = enrolment.sequence.priority
    others = Enrolment.objects.filter(
        account=enrolment.account_id,
        openid=enrolment.openid,
        state__in=[State.RUNNING, State.PAUSED],
        sequence__enabled=True,
    )
    before = Q(sequence__priority__gt=mine) | Q(sequence__priority=mine, pk__lt=enrolment.pk)
    return others.filter(before).exists()
