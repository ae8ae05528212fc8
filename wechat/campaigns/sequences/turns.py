"""The turns of a follower's sequences: one goes on at a time, the others wait."""

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
    """Locks a follower's enrolments, so that pausing and waking them exclude each other."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, f"{account_id}:{openid}"]
            )
        yield


def wake(account_id: int, openid: str) -> None:
    """Wakes a follower's paused enrolments to check whose turn it is, after one of them has ended."""
    paused = Enrolment.objects.filter(account=account_id, openid=openid, state=State.PAUSED)
    paused.filter(sequence__enabled=True).update(state=State.RUNNING, due_at=timezone.now())


def wake_under_lock(account_id: int, openid: str) -> None:
    """Wakes a follower's paused enrolments under their lock, after one ended without holding it."""
    with one_at_a_time(account_id, openid):
        wake(account_id, openid)


def has_to_wait(enrolment: Enrolment) -> bool:
    """Returns whether another enrolment of the follower goes first.

    The higher priority goes first, then the older enrolment; sequences that are switched off hold nobody up.
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
