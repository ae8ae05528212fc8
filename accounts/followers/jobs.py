"""Bulk jobs on followers, done in slices in the background; each slice and its progress are one transaction.

A kind of job is a function that does the next slice and returns whether more is left::

    @runs("tag", _("Tag"))
    def tag_slice(job: BulkJob) -> bool: ...

It moves ``job.cursor`` and counts ``job.processed``; the runner saves the row. A failure of one follower or
row is recorded as a ``JobFault``, and the job continues. ``JobImpossible`` ends the job with a sentence for
staff; nothing of its slice is kept.
"""

import datetime
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.followers import erasures
from accounts.followers.models import BulkJob, Follower, JobFault
from accounts.followers.selection import followers_of
from wechat.kernel import work
from wechat.kernel.registry import Registry

# The time after which a job leaves the worker to other work.
RUN_SECONDS = 10.0
# The lease between two slices; during a slice the job's row is locked.
LEASE = datetime.timedelta(seconds=30)
SLICE = 2_000
JOBS = work.Kind(
    "followers.run_jobs",
    lambda: BulkJob.objects.all(),
    label=gettext_lazy("Bulk changes, imports and exports of followers"),
    lease=LEASE,
    queue=work.BULK,
    # They call no platform: what they change is sent by work of its own.
    subject="",
)

Step = Callable[[BulkJob], bool]


@dataclass(frozen=True, slots=True)
class JobKind:
    label: StrOrPromise
    step: Step


class JobImpossible(Exception):
    """The job cannot be done at all; the message says why, in the language of whoever asked for it."""


_kinds: Registry[JobKind] = Registry("kind of bulk job")


def runs(name: str, label: StrOrPromise) -> Callable[[Step], Step]:
    def register(step: Step) -> Step:
        _kinds.add(name, JobKind(label, step))
        return step

    return register


def label(job: BulkJob) -> StrOrPromise:
    return _kinds.get(job.kind).label if job.kind in _kinds else job.kind


def slice_of(job: BulkJob) -> list[Follower]:
    """Returns the next followers of the job, ordered by id, and moves the cursor behind them."""
    rows = list(chosen(job).filter(pk__gt=job.cursor).order_by("pk")[:SLICE])
    if rows:
        job.cursor = rows[-1].pk
    return rows


def chosen(job: BulkJob) -> QuerySet[Follower]:
    """Returns the job's followers: those named, or those under its filter now who are not newer than it."""
    return followers_of(job.account, job.details)


def fault(job: BulkJob, faults: Iterable[tuple[int, str, str]]) -> None:
    """Records the failures of a job, each as (row of the file or 0, OpenID, reason)."""
    rows = [JobFault(job=job, row=row, openid=openid, reason=reason) for row, openid, reason in faults]
    JobFault.objects.bulk_create(rows)
    job.failed += len(rows)


def try_again(failed: QuerySet[BulkJob]) -> int:
    """Queues failed jobs again, which continue after the last completed slice; returns their number."""
    number = failed.filter(state=BulkJob.State.FAILED).update(
        state=BulkJob.State.WAITING,
        due_at=timezone.now(),
        started_at=None,
        finished_at=None,
        attempts=0,
        errcode=None,
        error="",
    )
    work.wake(JOBS.name)
    return number


@JOBS.each
def go_on(job: BulkJob) -> None:
    """Processes slices of a job until it is finished or its time is over."""
    until = time.monotonic() + RUN_SECONDS
    with translation.override(job.details.get("language")):
        try:
            while _do_slice(job, until) and time.monotonic() < until:
                pass
        except JobImpossible as error:
            job.give_up(str(error))
    _forget_upload(job)


def _forget_upload(job: BulkJob) -> None:
    """Deletes the uploaded file of a finished job if anybody was erased since: it may contain their data."""
    over = BulkJob.objects.filter(pk=job.pk, due_at=None).exclude(source="").first()
    if over is not None and erasures.any_since(job.account_id, job.created_at):
        BulkJob.objects.filter(pk=job.pk).update(source="")
        over.source.delete(save=False)


@transaction.atomic
def _do_slice(claimed: BulkJob, until: float) -> bool:
    """Processes one slice and saves its progress; returns whether more is left.

    The row is locked, so that no other worker processes the same slice.
    """
    job = BulkJob.objects.select_for_update(of=("self",)).select_related("account").get(pk=claimed.pk)
    if job.due_at != claimed.due_at:
        return False
    if job.started_at is None:
        job.started_at, job.state = timezone.now(), BulkJob.State.RUNNING
    more = _kinds.get(job.kind).step(job)
    now = timezone.now()
    job.due_at = (now if time.monotonic() >= until else now + LEASE) if more else None
    if not more:
        job.state, job.finished_at, job.total = BulkJob.State.DONE, now, job.processed
    job.attempts, job.error, job.errcode = 0, "", None
    job.save()
    claimed.due_at, claimed.attempts = job.due_at, 0
    return more
