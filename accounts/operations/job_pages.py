"""The page of background work: what runs, what waits and why, and a button to resume what is on hold."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.operations import jobs
from accounts.staff import audit, held_work
from accounts.staff.gate import account_page, entered, frame
from accounts.staff.rights import Area, Rights


@account_page(Area.MESSAGES, by=held_work.DECIDING)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows background work; a POST resumes work on hold. The list refreshes itself while something waits."""
    rights = Rights.of(request.user)
    decided = held_work.decided_by(request, account)
    if request.method == "POST":
        names = request.POST.getlist("work")
        lifted = jobs.resume(account, names, decided)
        lifted += jobs.resume_of_installation(names) if rights.everything else []
        if lifted:
            about = dict.fromkeys(jobs.subject_of(hold) or account for hold in lifted)
            audit.record(request, about, _("Had work on hold go on."))
            messages.success(request, _("It goes on now."))
        else:
            messages.info(request, _("Nothing was on hold any more."))
        return redirect("operations_jobs")
    found = jobs.of(account, decided)
    context = {
        "jobs": [job for job in found if not job.is_idle],
        "idle": [job for job in found if job.is_idle],
        "others": jobs.of_installation() if rights.everything else [],
        "may_go_on": entered(request).may_change,
    }
    if request.GET.get("part") == "jobs":
        return TemplateResponse(request, "operations/job_list.html", context)
    return TemplateResponse(request, "operations/jobs.html", frame(request, _("Background work"), **context))
