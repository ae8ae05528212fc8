"""Automatic tags, which are put on all followers in a segment every hour, a slice at a time."""

import datetime
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers import erasures, tagging
from accounts.followers.models import AutoTag, Follower, Tag
from accounts.followers.segments import UnknownCondition
from wechat.kernel import work

# The time after which a rule leaves the worker to other work.
RUN_SECONDS = 10.0
# Renewed after each slice.
LEASE = datetime.timedelta(minutes=1)
EVERY = datetime.timedelta(hours=1)
SLICE = 2_000


RULES = work.Kind(
    "followers.run_auto_tags",
    lambda: AutoTag.objects.filter(enabled=True).select_related("segment", "tag"),
    label=gettext_lazy("Automatic tags"),
    lease=LEASE,
    queue=work.BULK,
)


@RULES.each
def bring_up_to_date(rule: AutoTag) -> None:
    """Adds and removes the tag of a rule, slice by slice, for ``RUN_SECONDS`` at most.

    The rest is due again at once; followers who were done are not touched again.
    """
    until = time.monotonic() + RUN_SECONDS
    try:
        lacking, wrong = _lacking(rule), _wrong(rule)
    except UnknownCondition as error:
        _note(rule, EVERY, error=str(error), added=0, removed=0)
        return
    added = _each_slice(rule, lacking, tagging.add, until)
    removed = _each_slice(rule, wrong, tagging.remove, until)
    over = time.monotonic() >= until
    _note(rule, datetime.timedelta() if over else EVERY, added=added, removed=removed)


def _each_slice(
    rule: AutoTag, ids: "QuerySet[Follower, int]", change: Callable[[Tag, Iterable[int]], int], until: float
) -> int:
    """Changes the followers slice by slice while there is time; returns how many were changed."""
    changed = 0
    while time.monotonic() < until:
        with transaction.atomic():
            # Nobody is erased between being found and being changed.
            erasures.block_erasures(rule.account_id)
            if not (found := list(ids[:SLICE])):
                break
            changed += change(rule.tag, found)
        if not rule.renew(LEASE):
            break
    return changed


def _note(rule: AutoTag, pause: datetime.timedelta, **outcome: object) -> None:
    now = timezone.now()
    rule.done(due_at=now + pause, ran_at=now, **outcome)


def _lacking(rule: AutoTag) -> "QuerySet[Follower, int]":
    """Returns the ids of followers in the segment who lack the tag and may have one more tag."""
    rows = rule.segment.rows().filter(~Exists(_tagged(rule)), ~tagging.is_at_tag_limit())
    return rows.order_by("pk").values_list("pk", flat=True)


def _wrong(rule: AutoTag) -> "QuerySet[Follower, int]":
    """Returns the ids of tagged followers outside the segment, or none if the rule does not remove tags."""
    if not rule.take_off:
        return Follower.objects.none().values_list("pk", flat=True)
    rows = Follower.objects.filter(Exists(_tagged(rule)), account=rule.account_id)
    return rows.exclude(pk__in=rule.segment.rows().values("pk")).values_list("pk", flat=True)


def _tagged(rule: AutoTag) -> QuerySet[Any]:
    return tagging.Tagging.objects.filter(follower=OuterRef("pk"), tag=rule.tag_id)
