"""The page of the synchronisation with WeChat: its start, its progress and its past runs."""

import datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.followers import sync_requests
from accounts.followers.models import FollowerSync
from accounts.official.error_sentences import of_row
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame, reader
from accounts.staff.rights import Area
from wechat.kernel.work import heartbeat

Kind, Step = FollowerSync.Kind, FollowerSync.Step

SHOWN = 10
ODDITIES = {
    "stuck": gettext_lazy("WeChat's list went round in circles; it was read as far as it went."),
    "incomplete": gettext_lazy("WeChat's list was shorter than its total: nobody was taken for gone."),
}


@account_page(Area.FOLLOWERS)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        return _ask(request, account)
    runs = list(FollowerSync.objects.filter(account=account).order_by("-pk")[:SHOWN])
    shown = [_run_context(run) for run in runs]
    context = frame(
        request,
        _("Followers on WeChat"),
        current=shown[0] if shown and runs[0].is_open else None,
        past=[each for each in shown if not each["run"].is_open],
    )
    fragment = request.GET.get("part") == "run"
    return TemplateResponse(request, f"followers/{'sync_run' if fragment else 'sync'}.html", context)


def _ask(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    kind = Kind.INCREMENTAL if request.POST.get("kind") == Kind.INCREMENTAL else Kind.FULL
    run = sync_requests.ask(account, kind, reader(request))
    audit.record(request, run, _("Asked for a synchronisation."), flag=ADDITION)
    messages.success(request, _("The followers are read from WeChat; this page shows how far it is."))
    return redirect("admin:followers_sync")


def _run_context(run: FollowerSync) -> dict[str, Any]:
    """Returns the template context of a run."""
    return {
        "run": run,
        "percent": _percent(run),
        "remaining": _remaining(run),
        "problem": of_row(run),
        "waits_until": _waits_until(run),
        "is_abandoned": run.started_at and run.is_open and not run.error and heartbeat.is_missing(run),
        "oddities": [ODDITIES[each] for each in run.remarks if each in ODDITIES],
    }


def _waits_until(run: FollowerSync) -> datetime.datetime | None:
    """Returns when a run that could not go on is tried again, unless a worker tries it now."""
    at = run.planned_at if run.error else None
    return at if at is not None and at > timezone.now() else None


def _percent(run: FollowerSync) -> int:
    """Returns the progress of a run, from 0 to 100; reading the list counts for 5.

    It takes a hundredth of the calls, but each is a large one.
    """
    listed = min(run.listed / run.total, 1) if run.total else 0
    profiled = run.profiled / run.listed if run.listed else 0
    ended = run.step in {Step.LEAVING, Step.BLACKLIST, Step.DONE}
    return 100 if ended else round(5 * listed + 95 * (profiled if run.step == Step.PROFILES else 0))


def _remaining(run: FollowerSync) -> str:
    if run.step != Step.PROFILES or not run.rate:
        return ""
    seconds = (run.listed - run.profiled) / run.rate
    minutes = max(1, round(datetime.timedelta(seconds=seconds) / datetime.timedelta(minutes=1)))
    return ngettext("about %d minute left", "about %d minutes left", minutes) % minutes
