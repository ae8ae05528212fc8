"""The sending of changes of followers to the platform: tags, remarks, the blacklist.

A change made here is a row until it was sent. Changes of the same kind are sent together, as many a call as
the platform accepts; when it refuses a whole call because of one follower, the call is halved until that
follower is alone. An account's changes are sent one call after the other: the platform refuses parallel
tagging of one follower (45169).

Reference: WeChat reference 6.4, 6.5 and 6.6.
"""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.followers import activity
from accounts.followers.models import BulkJob, Change
from accounts.official.clients import client_for
from wechat.kernel import work
from wechat.sdk.calls import tags, users
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, Cause, WeChatError

Kind = Change.Kind

BATCH = {Kind.TAG: tags.TAGGING_BATCH, Kind.BLACKLIST: users.BLACKLIST_BATCH, Kind.REMARK: 1}
SOME_FAILED = 45171
# A refusal because of the tag, not of one follower.
TAG_UNKNOWN = 45159


def _sendable() -> QuerySet[Change]:
    """Returns the changes that can be sent: about no tag, or about a tag that exists on the platform."""
    ready = Q(tag__isnull=True) | Q(tag__platform_id__isnull=False)
    return Change.objects.filter(ready).select_related("account", "follower", "tag")


CHANGES = work.Kind(
    "followers.send_changes",
    _sendable,
    # Longer than the calls of one claim take, unless many are slow; sending a change twice is harmless.
    label=gettext_lazy("Bringing tags and remarks to WeChat"),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    batch=200,
    divided_by="kind",
    parts=dict(Kind.choices),
)


@CHANGES.together
def send_due(changes: Sequence[Change]) -> None:
    """Sends what was claimed.

    Once a call failed for more than its followers, the account's others of that kind wait.
    """
    stopped: set[tuple[int, str]] = set()
    for batch in batches(changes):
        calls = batch[0].account_id, batch[0].kind
        if calls in stopped:
            _held(batch).update(due_at=timezone.now())
        elif not send(batch):
            stopped.add(calls)


def batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yields the changes of one call each: of one account, one kind, one tag, one desired value."""

    def subject(change: Change) -> tuple[int, str, int, str]:
        return change.account_id, change.kind, change.tag_id or 0, change.desired

    for _subject, alike in groupby(sorted(changes, key=subject), key=subject):
        rows = list(alike)
        size = BATCH[Kind(rows[0].kind)]
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def send(batch: Sequence[Change]) -> bool:
    """Sends a batch in one call, or in halves if one follower spoils it; records the outcome on each row.

    Returns whether the account's other changes may be sent.
    """
    began = timezone.now()
    try:
        _call(client_for(batch[0].account), batch)
    except ApiError as error:
        if error.errcode == activity.REQUIRES_FOLLOWING and len(batch) == 1:
            activity.found_gone(batch[0].account_id, batch[0].follower.openid, began)
        return _refused(batch, error)
    except WeChatError as error:
        return _failed(batch, error)
    _done(batch)
    return True


def _call(client: Client, batch: Sequence[Change]) -> None:
    change, openids = batch[0], [each.follower.openid for each in batch]
    if change.kind == Kind.REMARK:
        users.update_remark(client, openids[0], change.desired)
    elif change.kind == Kind.BLACKLIST:
        (users.block if change.desired == "yes" else users.unblock)(client, openids)
    elif change.tag is not None and change.tag.platform_id is not None:
        (tags.tag if change.desired == "yes" else tags.untag)(client, change.tag.platform_id, openids)


def _refused(batch: Sequence[Change], error: ApiError) -> bool:
    failed = [each for each in batch if each.follower.openid in error.failed_openids]
    if error.errcode == SOME_FAILED and failed and len(failed) < len(batch):
        _done([each for each in batch if each not in failed])
        return send(failed)
    is_about_one = error.errcode == SOME_FAILED or (error.cause == Cause.ROW and error.errcode != TAG_UNKNOWN)
    if is_about_one and len(batch) > 1:
        return _halved(batch)
    return _failed(batch, error)


def _halved(batch: Sequence[Change]) -> bool:
    middle = len(batch) // 2
    may_go_on = send(batch[:middle])
    if may_go_on:
        return send(batch[middle:])
    _held(batch[middle:]).update(due_at=timezone.now())
    return False


def _done(batch: Sequence[Change]) -> None:
    """Deletes the changes that were sent, except those whose desired value was replaced meanwhile."""
    with transaction.atomic():
        sent = list(_held(batch).select_for_update())
        Change.objects.filter(pk__in=[each.pk for each in sent]).delete()
        _count(sent, "sent")
    CHANGES.answered(batch[0])


def _failed(batch: Sequence[Change], error: WeChatError) -> bool:
    with transaction.atomic():
        CHANGES.failed(batch[0], error, *batch[1:])
        _count([each for each in batch if each.has_failed], "failed")
    return error.cause in {Cause.ROW, Cause.LATER}


def _held(batch: Sequence[Change]) -> QuerySet[Change]:
    """Returns the changes of a batch that this worker still holds."""
    return Change.objects.filter(pk__in=[each.pk for each in batch], due_at=batch[0].due_at)


def _count(batch: Iterable[Change], outcome: str) -> None:
    for job_id, changes in groupby(sorted(batch, key=_job), key=_job):
        if job_id:
            BulkJob.objects.filter(pk=job_id).update(**{outcome: F(outcome) + len(list(changes))})


def _job(change: Change) -> int:
    return change.job_id or 0
