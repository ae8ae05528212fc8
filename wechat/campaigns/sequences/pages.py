"""The pages of a sequence's report, of its followers, and of the values of a step's template."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.followers import people
from accounts.followers.handles import handle_name
from accounts.staff import audit
from accounts.staff.gate import entered, frame, object_page
from accounts.staff.rights import Area
from wechat.campaigns.forms import ValuesForm
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import enrolling, report
from wechat.campaigns.sequences.timeline_page import sequences
from wechat.console import edit_conflicts
from wechat.contents.text_editor import named, offered
from wechat.contents.variables import USUAL
from wechat.kernel.row_ids import row_id
from wechat.pushes.fill_form import PREFIX

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: an enrolment, the time its step is due or was done, and the outcome in words."""

    enrolment: Enrolment
    at: datetime.datetime | None
    words: str


@object_page(sequences, Area.SENDING)
def show(request: HttpRequest, sequence: Sequence) -> HttpResponse:
    """Shows the followers in the sequence now, or those that a figure of a step counts, newest first."""
    before = row_id(request.GET.get("before", ""))
    step = sequence.steps.filter(pk=row_id(request.GET.get("step", "")) or 0).first()
    what = request.GET.get("what", "here")
    if step is not None and what not in report.OUTCOMES:
        raise Http404
    if step is not None and what != "here":
        lines, more = _lines_of_runs(report.runs_of(step, what), before)
    else:
        inside = Enrolment.objects.filter(sequence=sequence, state__in=report.OPEN)
        lines, more = _lines_of_enrolments(report.waiting_at(step) if step else inside, before)
    people.attach_people([line.enrolment for line in lines])
    context = {
        "counted": report.people([sequence])[sequence.pk],
        "step": step,
        "what": report.OUTCOMES[what] if step is not None else "",
        "address": urlencode({"step": step.pk, "what": what}) if step else "",
        "lines": lines,
        "more": more,
        "may_change": entered(request).may_change,
    }
    return _page(request, sequence, "sequence_report", _("People"), **context)


def _lines_of_enrolments(rows: "QuerySet[Enrolment]", before: int | None) -> tuple[list[Line], int | None]:
    found, more = _cut(rows.select_related("step"), before)
    return [Line(row, row.planned_at, str(row.step or row.get_state_display())) for row in found], more


def _lines_of_runs(rows: "QuerySet[StepRun]", before: int | None) -> tuple[list[Line], int | None]:
    found, more = _cut(rows.select_related("enrolment", "push"), before)
    return [Line(row.enrolment, row.at, _became(row)) for row in found], more


def _cut(rows: Any, before: int | None) -> tuple[list[Any], int | None]:
    """Returns one page of the rows, and the id of its last row if there are more (otherwise ``None``)."""
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: SHOWN + 1])
    return found[:SHOWN], found[SHOWN - 1].pk if len(found) > SHOWN else None


def _became(run: StepRun) -> str:
    if run.lane:
        return str(run.get_lane_display())
    if run.skipped:
        return str(run.get_skipped_display())
    if run.push is None:
        return _("done")
    why = str(run.push.get_reason_display()) if run.push.reason else ""
    return " · ".join(filter(None, [str(run.push.get_state_display()), why]))


@object_page(sequences, Area.SENDING, change=True)
def remove(request: HttpRequest, sequence: Sequence, enrolment: int) -> HttpResponse:
    row = get_object_or_404(Enrolment, pk=enrolment, sequence=sequence)
    enrolling.remove(row)
    audit.record_with_message(
        request,
        sequence,
        _("Took %(who)s out of the sequence") % {"who": handle_name(row.openid)},
    )
    return redirect("admin:campaigns_sequence_report", sequence.pk)


@object_page(sequences, Area.SENDING, change=True)
@edit_conflicts.locks_row
def fill(request: HttpRequest, sequence: Sequence, step: int) -> HttpResponse:
    """Shows and saves the values of the template that is sent instead of a step's message."""
    row = get_object_or_404(SequenceStep.objects.select_related("template"), pk=step, sequence=sequence)
    if row.template is None:
        return redirect("admin:campaigns_sequence_change", sequence.pk)
    leads = {"url": row.link, "appid": row.appid, "pagepath": row.pagepath}
    known = {PREFIX + name: text for name, text in row.values.items()}
    variables = named(USUAL)
    initial = {**known, **leads}
    form = ValuesForm(sequence, row.template, request.POST or None, variables=variables, initial=initial)
    if request.method == "POST" and form.is_valid():
        before, message = row.values, form.message
        row.values, row.link = dict(message.values), message.url
        row.appid, row.pagepath = message.appid, message.pagepath
        row.save(update_fields=["values", "link", "appid", "pagepath"])
        audit.record_with_message(
            request, sequence, _("Filled in the template of a message"), before, row.values
        )
        return redirect("admin:campaigns_sequence_change", sequence.pk)
    shown = {"form": form, "step": row, "variables": offered(variables)}
    return _page(request, sequence, "sequence_fill", _("Fill in the template"), **shown)


def _page(
    request: HttpRequest, sequence: Sequence, template: str, title: StrOrPromise, **context: Any
) -> HttpResponse:
    page = frame(request, title, opts=Sequence._meta, sequence=sequence, **context)
    return TemplateResponse(request, f"campaigns/{template}.html", page)
