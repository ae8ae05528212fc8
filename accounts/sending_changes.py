"""Changes to followers on their way to the platform: tags, remarks, the blacklist.

A change made here is a row until the platform has it. Changes of the same kind go out together, as many a
call as the platform takes; when it refuses a whole call for the sake of one follower, the call is halved
until that one is alone. An account's changes are sent one call after the other: the platform refuses
parallel tagging of one follower (45169).

Reference: WeChat reference 6.4, 6.5 and 6.6.
"""

import datetime
import logging
import time
from collections.abc import Iterator, Sequence
from itertools import groupby

from celery import shared_task
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts import errcodes
from accounts.clients import client_for
from accounts.models import BulkJob, Change
from accounts.retrying import again_at
from wechat.kernel import due
from wechat.sdk.api import tags, users
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, WeChatError

log = logging.getLogger(__name__)

Kind = Change.Kind

RUN_SECONDS = 20.0
CLAIMED = 1_000
# Longer than the calls of one claim take, unless each runs into its time-out; a wish sent twice is harmless.
LEASE = datetime.timedelta(minutes=10)
BATCH = {Kind.TAG: tags.TAGGING_BATCH, Kind.BLACKLIST: users.BLACKLIST_BATCH, Kind.REMARK: 1}
SOME_FAILED = 45171
# About the tag, not about one of the followers.
TAG_UNKNOWN = 45159


@shared_task(name="accounts.send_changes")
def send_due() -> int:
    """Send what is due, for a while; how many changes were taken on."""
    taken, until = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < until and (changes := due.claim(sendable(), lease=LEASE, limit=CLAIMED)):
        taken += len(changes)
        for batch in batches(changes):
            send(batch)
    return taken


def sendable() -> QuerySet[Change]:
    """Of one account at a time; a tag that is not on the platform yet is waited for."""
    ready = Q(tag__isnull=True) | Q(tag__platform_id__isnull=False)
    first = Change.objects.filter(ready, due_at__lte=timezone.now(), account__enabled=True)
    account = first.order_by("due_at", "pk").values("account")[:1]
    return Change.objects.filter(ready, account=account).select_related("account", "follower", "tag")


def batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes that go into one call: of one account, one kind, one tag, one wish."""

    def subject(change: Change) -> tuple[int, str, int, str]:
        return change.account_id, change.kind, change.tag_id or 0, change.wish

    for _subject, alike in groupby(sorted(changes, key=subject), key=subject):
        rows = list(alike)
        size = BATCH[Kind(rows[0].kind)]
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def send(batch: Sequence[Change]) -> None:
    """One call, halved when one follower spoils it; what became of each is on its row afterwards."""
    try:
        _call(client_for(batch[0].account), batch)
    except ApiError as error:
        _refused(batch, error)
    except WeChatError as error:
        _put_off(batch, error)
    else:
        _done(batch)


def _call(client: Client, batch: Sequence[Change]) -> None:
    change, openids = batch[0], [each.follower.openid for each in batch]
    if change.kind == Kind.REMARK:
        users.update_remark(client, openids[0], change.wish)
    elif change.kind == Kind.BLACKLIST:
        (users.block if change.wish == "yes" else users.unblock)(client, openids)
    elif change.tag is not None and change.tag.platform_id is not None:
        (tags.tag if change.wish == "yes" else tags.untag)(client, change.tag.platform_id, openids)


def _refused(batch: Sequence[Change], error: ApiError) -> None:
    failed = [each for each in batch if each.follower.openid in error.failed_openids]
    if error.errcode == SOME_FAILED and failed and len(failed) < len(batch):
        _done([each for each in batch if each not in failed])
        send(failed)
    elif error.errcode == SOME_FAILED and len(batch) > 1:
        _halve(batch)
    elif again_at(error, batch[0].attempts) or len(batch) == 1 or error.errcode == TAG_UNKNOWN:
        _put_off(batch, error)
    else:
        _halve(batch)


def _halve(batch: Sequence[Change]) -> None:
    middle = len(batch) // 2
    send(batch[:middle])
    send(batch[middle:])


def _done(batch: Sequence[Change]) -> None:
    """A wish that was replaced meanwhile stays and is sent."""
    with transaction.atomic():
        _unchanged(batch).delete()
        _count(batch, "sent")


def _put_off(batch: Sequence[Change], error: WeChatError) -> None:
    log.warning("change_not_sent", extra={"changes": len(batch), "error": str(error)})
    at = again_at(error, batch[0].attempts)
    with transaction.atomic():
        _unchanged(batch).update(due_at=at, attempts=F("attempts") + 1, error=errcodes.mark(error))
        if at is None:
            _count(batch, "failed")


def _unchanged(batch: Sequence[Change]) -> QuerySet[Change]:
    return Change.objects.filter(pk__in=[each.pk for each in batch], wish=batch[0].wish)


def _count(batch: Sequence[Change], outcome: str) -> None:
    for job_id, changes in groupby(sorted(batch, key=_job), key=_job):
        if job_id:
            BulkJob.objects.filter(pk=job_id).update(**{outcome: F(outcome) + len(list(changes))})


def _job(change: Change) -> int:
    return change.job_id or 0
