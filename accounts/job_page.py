"""Jobs over many followers: how far they are, what failed and why, and the files they made."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import FileResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts import changes, jobs
from accounts.errcodes import sentence
from accounts.models import BulkJob, Change
from accounts.pages import account_for, frame
from accounts.rights import Area, Rights, choose_account

SHOWN = 30
FAULTS_SHOWN = 200
COUNTED = 10_000


def listed(request: HttpRequest) -> HttpResponse:
    account = account_for(request, Area.FOLLOWERS)
    rows = BulkJob.objects.filter(account=account).select_related("asked_by").order_by("-pk")[:SHOWN]
    context = frame(
        request, _("Jobs"), Area.FOLLOWERS, jobs=[{"job": job, "label": jobs.label(job)} for job in rows]
    )
    return TemplateResponse(request, "accounts/jobs.html", context)


def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Posting sends again what the platform did not take."""
    job = _job(request, pk)
    if request.method == "POST":
        account_for(request, Area.FOLLOWERS, change=True)
        count = changes.try_again(job.changes.all())
        BulkJob.objects.filter(pk=job.pk).update(failed=max(0, job.failed - count))
        LogEntry.objects.log_actions(request.user.pk or 0, [job], CHANGE, _("Tried again."))
        messages.success(request, _("WeChat is told again about %(count)d followers.") % {"count": count})
        return redirect("admin:accounts_job", pk)
    context = frame(request, jobs.label(job), Area.FOLLOWERS, **_told(job))
    fragment = request.GET.get("part") == "job"
    return TemplateResponse(request, f"accounts/{'job_state' if fragment else 'job'}.html", context)


def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file, with an entry in the log of who took it."""
    job = _job(request, pk)
    if not job.result:
        raise Http404
    if not job.details.get("masked", True) and not _may_change(request, job):
        raise PermissionDenied
    LogEntry.objects.log_actions(request.user.pk or 0, [job], CHANGE, _("Downloaded the file."))
    name = str(job.result.name).rpartition("/")[2]
    response = FileResponse(job.result.open("rb"), as_attachment=True, filename=name)
    response["Cache-Control"] = "no-store"
    return response


def _job(request: HttpRequest, pk: int) -> BulkJob:
    job = BulkJob.objects.select_related("account", "asked_by").filter(pk=pk).first()
    if job is None or not Rights.of(request.user).may_view(Area.FOLLOWERS, job.account_id):
        raise Http404
    choose_account(request, job.account_id)
    return job


def _may_change(request: HttpRequest, job: BulkJob) -> bool:
    return Rights.of(request.user).may_change(Area.FOLLOWERS, job.account_id)


def _told(job: BulkJob) -> dict[str, Any]:
    """A job as the page shows it."""
    waiting = job.changes.filter(due_at__isnull=False)[:COUNTED].count()
    refused = Change.objects.filter(job=job, due_at__isnull=True).select_related("follower")
    return {
        "job": job,
        "label": jobs.label(job),
        "percent": min(100, round(100 * job.done / job.total))
        if job.total
        else 100
        if not job.is_open
        else 0,
        "waiting": waiting,
        "many_waiting": waiting == COUNTED,
        "moves": job.is_open or waiting,
        "refused": [(each.follower, sentence(each.error)) for each in refused[:FAULTS_SHOWN]],
        "faults": job.faults.order_by("pk")[:FAULTS_SHOWN],
        "downloads": LogEntry.objects.filter(
            content_type__app_label="accounts", content_type__model="bulkjob", object_id=str(job.pk)
        ).select_related("user"),
    }
