"""The holds on work: pauses after a used-up quota or a refusal, and circuit breakers, in one table.

All workers share the holds and read them before they claim rows. When a hold's time has passed, one row is
tried (a probe). If the other side answers, the hold is lifted and everything goes on at once.

A subject is the account, merchant or receiver whose work it is, by its id.
"""

import datetime
from collections.abc import Iterable

from django.db.models import F, QuerySet
from django.utils import timezone

from wechat.kernel.models import Hold
from wechat.kernel.work import policy, waking
from wechat.sdk.errors import Cause

# A probe that never tells how it went, as its worker was killed, is followed by another one.
PROBE_LEASE = datetime.timedelta(minutes=2)
# What is on hold of one kind of work: the number of a subject, and the part of its work.
Held = tuple[int, str]


def blocked(work: str) -> list[Held]:
    """Returns the subjects and parts on hold, whose rows must not be claimed, with those due for a probe."""
    return _whose(Hold.objects.filter(work=work, until__isnull=False))


def paused(work: str) -> list[Held]:
    """Returns the subjects and parts on hold that are not due for a probe yet."""
    return _whose(Hold.objects.filter(work=work, until__gt=timezone.now()))


def ready(work: str) -> list[Held]:
    """Returns the subjects and parts on hold that are due for a probe."""
    return _whose(Hold.objects.filter(work=work, until__lte=timezone.now()))


def _whose(held: QuerySet[Hold]) -> list[Held]:
    return list(held.values_list("subject", "part"))


def take_probe(held: QuerySet[Hold]) -> bool:
    """Takes the right to probe these holds; returns whether they were due for it.

    No other worker gets that right until ``PROBE_LEASE`` has passed.
    """
    now = timezone.now()
    return bool(held.filter(until__lte=now).update(until=now + PROBE_LEASE))


def give_back_probe(held: QuerySet[Hold]) -> None:
    """Makes these holds due for another probe, as this one said nothing about the other side."""
    now = timezone.now()
    held.filter(until__gt=now, until__lte=now + PROBE_LEASE).update(until=now)


def report(
    work: str, subject: int, cause: Cause, error: object, *, part: str = "", is_probe: bool = False
) -> bool:
    """Records an error that concerns more than its row; returns whether the work is on hold now."""
    found, _made = Hold.objects.get_or_create(
        work=work, part=part, subject=subject, defaults={"cause": cause.value, "since": timezone.now()}
    )
    if cause == Cause.AWAY and found.until is None and found.failures + 1 < policy.FAILURES_TO_OPEN:
        Hold.objects.filter(pk=found.pk).update(failures=F("failures") + 1, **_described(cause, error))
        return False
    is_same = found.until is not None and found.cause == cause.value
    vain = found.probes + 1 if is_same else 0
    until = policy.held_until(cause, vain)
    if found.until is not None and not is_probe and (is_same or until <= found.until):
        # It was on its way already when the others were held.
        return True
    Hold.objects.filter(pk=found.pk).update(
        failures=F("failures") + 1,
        probes=vain,
        until=until,
        **({} if found.until is not None else {"since": timezone.now()}),
        **_described(cause, error),
    )
    return True


def hold(
    work: str, subject: int, cause: Cause, error: object, *, part: str = "", until: datetime.datetime
) -> None:
    """Puts work on hold until that time."""
    Hold.objects.update_or_create(
        work=work,
        part=part,
        subject=subject,
        defaults={"until": until, **_described(cause, error)},
        create_defaults={"until": until, "since": timezone.now(), **_described(cause, error)},
    )


def answered(held: QuerySet[Hold], *, is_probe: bool) -> None:
    """Records an answer of the other side: after a probe the hold is lifted.

    Any other call was sent before the refusal, so it says nothing about it and only resets the count of
    failures.
    """
    if is_probe:
        lift_all(held)
    else:
        # In one statement: another worker's failure may open the circuit meanwhile.
        held.filter(until__isnull=True).delete()


def lift_all(holds: Iterable[Hold]) -> None:
    """Lifts these holds, because the cause is gone or a person decided so."""
    for each in holds:
        if each.delete()[0] and each.until is not None:
            waking.wake(each.work)


def _described(cause: Cause, error: object) -> dict[str, object]:
    return {"cause": cause.value, "error": str(error)[:1000], "errcode": getattr(error, "errcode", None)}
