"""The automatic tags: a worker tags everybody in a segment, repeatedly and in slices."""

import datetime
import time
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers import tagging
from accounts.followers.models import AutoTag, Follower
from accounts.followers.segments import UnknownCondition
from wechat.kernel import work

# After so long a rule lets others have their turn.
RUN_SECONDS = 10.0
# Each slice renews it.
LEASE = datetime.timedelta(minutes=1)
EVERY = datetime.timedelta(hours=1)
SLICE = 2_000


RULES = work.Kind(
    "followers.run_auto_tags",
    lambda: AutoTag.objects.filter(enabled=True, account__enabled=True).select_related("segment", "tag"),
    label=gettext_lazy("Automatic tags"),
    lease=LEASE,
    queue=work.BULK,
)


@RULES.each
def bring_up_to_date(rule: AutoTag) -> None:
    """Adds and removes the tag of a rule, slice by slice, for ``RUN_SECONDS`` at most.

    What is left when the time is over is due again at once; nothing is done twice.
    """
    until = time.monotonic() + RUN_SECONDS
    try:
        lacking, wrong = _lacking(rule), _wrong(rule)
    except UnknownCondition as error:
        _note(rule, EVERY, error=str(error), added=0, removed=0)
        return
    added = removed = 0
    while time.monotonic() < until and (ids := list(lacking[:SLICE])) and rule.renew(LEASE):
        added += tagging.add(rule.tag, ids)
    while time.monotonic() < until and (ids := list(wrong[:SLICE])) and rule.renew(LEASE):
        removed += tagging.remove(rule.tag, ids)
    over = time.monotonic() >= until
    _note(rule, datetime.timedelta() if over else EVERY, added=added, removed=removed)


def _note(rule: AutoTag, pause: datetime.timedelta, **outcome: object) -> None:
    now = timezone.now()
    rule.done(due_at=now + pause, ran_at=now, **outcome)


def _lacking(rule: AutoTag) -> "QuerySet[Follower, int]":
    """Returns the ids of followers in the segment who lack the tag and have room for one more tag."""
    rows = rule.segment.rows().filter(~Exists(_tagged(rule)), ~tagging.has_no_room())
    return rows.order_by("pk").values_list("pk", flat=True)


def _wrong(rule: AutoTag) -> "QuerySet[Follower, int]":
    """Returns the ids of followers to untag: outside the segment, and only if the rule takes tags off."""
    if not rule.take_off:
        return Follower.objects.none().values_list("pk", flat=True)
    rows = Follower.objects.filter(Exists(_tagged(rule)), account=rule.account_id)
    return rows.exclude(pk__in=rule.segment.rows().values("pk")).values_list("pk", flat=True)


def _tagged(rule: AutoTag) -> QuerySet[Any]:
    return tagging.Tagging.objects.filter(follower=OuterRef("pk"), tag=rule.tag_id)
