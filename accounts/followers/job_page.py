"""The pages of bulk jobs: progress, failures with their reasons, and the resulting files."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers import changes, jobs, people
from accounts.followers.models import BulkJob, Change
from accounts.followers.people import Person
from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit, personal_data
from accounts.staff.gate import account_page, entered, frame, object_page
from accounts.staff.rights import Area
from wechat.console import downloads

SHOWN = 30
FAULTS_SHOWN = 200
COUNTED = 10_000


def _jobs() -> "QuerySet[BulkJob]":
    return BulkJob.objects.select_related("account", "asked_by")


@account_page(Area.FOLLOWERS)
def listed(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    rows = BulkJob.objects.filter(account=account).select_related("asked_by").order_by("-pk")[:SHOWN]
    context = frame(request, _("Jobs"), jobs=[{"job": job, "label": jobs.label(job)} for job in rows])
    return TemplateResponse(request, "followers/jobs.html", context)


@object_page(_jobs, Area.FOLLOWERS)
def show(request: HttpRequest, job: BulkJob) -> HttpResponse:
    """Shows a job; a POST sends the failed changes to the platform again."""
    if request.method == "POST":
        count = changes.try_again(job.changes.all())
        BulkJob.objects.filter(pk=job.pk).update(failed=max(0, job.failed - count))
        audit.record(request, job, _("Tried again."))
        messages.success(request, _("WeChat is told again about %(count)d followers.") % {"count": count})
        return redirect("admin:followers_job", job.pk)
    context = frame(request, jobs.label(job), **_job_context(job))
    fragment = request.GET.get("part") == "job"
    return TemplateResponse(request, f"followers/{'job_state' if fragment else 'job'}.html", context)


@object_page(_jobs, Area.FOLLOWERS, is_file=True)
def download(request: HttpRequest, job: BulkJob) -> HttpResponseBase:
    """Sends the file, and records the download in the audit log."""
    if not job.result:
        raise Http404
    personal_data.check_export(request, job.account_id)
    masked = job.details.get("masked", True)
    if not masked and not entered(request).may_change:
        raise PermissionDenied
    if personal_data.is_hidden_from_reader(job.account_id) and not job.details.get("hidden", masked):
        raise PermissionDenied
    response = downloads.of_stored(job.result)
    audit.record(request, job, _("Downloaded the file."))
    return response


def _job_context(job: BulkJob) -> dict[str, Any]:
    """Returns the template context of a job."""
    waiting = job.changes.filter(due_at__isnull=False)[:COUNTED].count()
    refused = Change.objects.filter(job=job, due_at__isnull=True).select_related("follower")[:FAULTS_SHOWN]
    faults = job.faults.order_by("pk")[:FAULTS_SHOWN]
    known = people.of(
        job.account_id, [each.follower.openid for each in refused] + [fault.openid for fault in faults]
    )
    return {
        "job": job,
        "label": jobs.label(job),
        "percent": _percent(job),
        "waiting": waiting,
        "many_waiting": waiting == COUNTED,
        "moves": job.is_open or waiting,
        "refused": [(known[each.follower.openid], of_row(each)) for each in refused],
        # An OpenID from the file that is no follower is shown as it was written.
        "faults": [(fault, _follower(known.get(fault.openid))) for fault in faults],
        "downloads": audit.entries_of(job),
    }


def _percent(job: BulkJob) -> int:
    if not job.total:
        return 0 if job.is_open else 100
    return min(100, round(100 * job.processed / job.total))


def _follower(person: Person | None) -> Person | None:
    return person if person and person.follower_id else None
