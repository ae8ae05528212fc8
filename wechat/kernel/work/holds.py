"""Work on hold: the pause after a used-up quota or a refusal, and the circuit breaker, in one table.

A hold is shared by all workers, and read before rows are claimed. When its time has come one row of the
account is tried (a probe); if the other side answers, the hold is lifted and everything goes on at once.
"""

import datetime
from collections.abc import Sequence

from django.db.models import F
from django.utils import timezone

from wechat.kernel.models import Hold
from wechat.kernel.work import policy, waking
from wechat.sdk.errors import Cause

# A probe that never tells how it went, as its worker was killed, is followed by another one.
PROBE_LEASE = datetime.timedelta(minutes=2)


def blocked(work: str, part: str = "") -> list[int]:
    """Returns whose rows must not be claimed, by number; those with a probe to make among them."""
    held = Hold.objects.filter(work=work, part=part, until__isnull=False)
    return list(held.values_list("subject", flat=True))


def has_probe(work: str) -> bool:
    """Returns whether one of those on hold may be tried again."""
    return Hold.objects.filter(work=work, until__lte=timezone.now()).exists()


def take_probes(work: str, part: str = "") -> list[int]:
    """Returns whose work this worker is to try with one row; no other worker tries it meanwhile."""
    now = timezone.now()
    ready = Hold.objects.filter(work=work, part=part, until__lte=now)
    return [hold.subject for hold in ready if ready.filter(pk=hold.pk).update(until=now + PROBE_LEASE)]


def report(work: str, subject: int, cause: Cause, error: object, part: str = "") -> bool:
    """Note an error that is about more than its row; returns whether the others are on hold now."""
    hold, _made = Hold.objects.get_or_create(
        work=work, part=part, subject=subject, defaults={"cause": cause.value, "since": timezone.now()}
    )
    is_open = hold.until is not None
    opens = cause != Cause.AWAY or is_open or hold.failures + 1 >= policy.FAILURES_TO_OPEN
    probes = hold.probes + 1 if is_open and hold.cause == cause.value else 0
    changes = {
        "cause": cause.value,
        "error": str(error)[:1000],
        "errcode": getattr(error, "errcode", None),
        "failures": F("failures") + 1,
        "probes": probes,
        "until": policy.held_until(cause, probes) if opens else None,
    }
    # Those in flight when the circuit opened end in failures too: they postpone nothing.
    Hold.objects.filter(pk=hold.pk, until=hold.until).update(**changes)
    return opens


def lift(work: str, subject: int, part: str = "") -> None:
    """Note that the other side answered: what was held goes on at once."""
    known = Hold.objects.filter(work=work, part=part, subject=subject)
    was_held = known.filter(until__isnull=False).exists()
    if known.delete()[0] and was_held:
        waking.wake(work)


def lift_all(holds: Sequence[Hold]) -> None:
    """Have the work go on, as a person decided."""
    for hold in holds:
        lift(hold.work, hold.subject, hold.part)
