"""The bulk actions on followers: tag, untag, blacklist, export, import.

See ``accounts.followers.jobs``.
"""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import changes, erasures, exporting, importing, jobs, tagging
from accounts.followers.models import BulkJob, Change, Follower, Tag
from accounts.official.error_sentences import in_words

FULL = 45059

jobs.runs("export", gettext_lazy("Export to a file"))(exporting.export_slice)
jobs.runs("import", gettext_lazy("Import from a table"))(importing.import_slice)


def _tag(job: BulkJob) -> Tag:
    tag = Tag.objects.filter(pk=job.details.get("tag"), account=job.account).first()
    if tag is None:
        raise jobs.JobImpossible(_("The tag was deleted meanwhile."))
    return tag


@jobs.runs("tag", gettext_lazy("Add a tag"))
def tag_slice(job: BulkJob) -> bool:
    def add(rows: Sequence[Follower]) -> None:
        erasures.block_erasures(job.account_id)
        erased = erasures.erased_since(job.account_id, [row.openid for row in rows], job.created_at)
        tag, ids = _tag(job), [row.pk for row in rows if row.openid not in erased]
        no_room = Follower.objects.filter(tagging.is_at_tag_limit(), pk__in=ids).exclude(tags=tag)
        jobs.fault(job, [(0, each.openid, in_words(FULL)) for each in no_room])
        tagging.add(tag, ids, job=job)

    return _each_slice(job, add)


@jobs.runs("untag", gettext_lazy("Take off a tag"))
def untag_slice(job: BulkJob) -> bool:
    return _each_slice(
        job, lambda rows: _ignore(tagging.remove(_tag(job), [row.pk for row in rows], job=job))
    )


@jobs.runs("block", gettext_lazy("Put on the blacklist"))
def block_slice(job: BulkJob) -> bool:
    return _each_slice(job, lambda rows: _blacklist(job, rows, on=True))


@jobs.runs("unblock", gettext_lazy("Take off the blacklist"))
def unblock_slice(job: BulkJob) -> bool:
    return _each_slice(job, lambda rows: _blacklist(job, rows, on=False))


def _blacklist(job: BulkJob, rows: Sequence[Follower], *, on: bool) -> None:
    concerned = [row for row in rows if row.blacklisted != on]
    Follower.objects.filter(pk__in=[row.pk for row in concerned]).update(blacklisted=on)
    changes.queue(Change.Kind.BLACKLIST, concerned, "yes" if on else "no", job)
    strangers = [row for row in concerned if not row.subscribed]
    jobs.fault(job, [(0, row.openid, _("Does not follow; blacklisted here only.")) for row in strangers])


def _each_slice(job: BulkJob, do: Callable[[Sequence[Follower]], None]) -> bool:
    rows = jobs.slice_of(job)
    if rows:
        do(rows)
    job.processed += len(rows)
    return len(rows) == jobs.SLICE


def _ignore(count: int) -> None:
    """Drops the number of followers who had the tag, which the job does not need."""
