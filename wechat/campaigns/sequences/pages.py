"""How a sequence does, who is in it, and the values of a step's template."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.followers import people
from accounts.followers.handles import handle_name
from accounts.staff import audit
from accounts.staff.gate import entered, frame, object_page
from accounts.staff.rights import Area
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, report
from wechat.kernel.row_ids import row_id
from wechat.pushes.fill_form import FillForm

SHOWN = 50
OPEN = [Enrolment.State.RUNNING, Enrolment.State.PAUSED]


def _sequences() -> "QuerySet[Sequence]":
    return Sequence.objects.select_related("account", "channel")


@object_page(_sequences, Area.SENDING)
def show(request: HttpRequest, sequence: Sequence) -> HttpResponse:
    """The report, and those who are in it now, newest first."""
    inside = Enrolment.objects.filter(sequence=sequence, state__in=OPEN)
    if before := row_id(request.GET.get("before", "")):
        inside = inside.filter(pk__lt=before)
    rows = list(inside.order_by("-pk")[: SHOWN + 1])
    people.beside(rows)
    context = {
        "lines": report.steps(sequence),
        "counted": report.people([sequence])[sequence.pk],
        "inside": rows[:SHOWN],
        "more": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        "may_change": entered(request).may_change,
    }
    return _page(request, sequence, "sequence_report", _("Report"), **context)


@object_page(_sequences, Area.SENDING, change=True)
def remove(request: HttpRequest, sequence: Sequence, enrolment: int) -> HttpResponse:
    row = get_object_or_404(Enrolment, pk=enrolment, sequence=sequence)
    enrolling.remove(row)
    _noted(
        request,
        sequence,
        _("Took %(who)s out of the sequence") % {"who": handle_name(row.openid)},
    )
    return redirect("admin:campaigns_sequence_report", sequence.pk)


@object_page(_sequences, Area.SENDING, change=True)
def fill(request: HttpRequest, sequence: Sequence, step: int) -> HttpResponse:
    """The values of the template that goes out instead of a step."""
    row = get_object_or_404(SequenceStep.objects.select_related("template"), pk=step, sequence=sequence)
    if row.template is None:
        return redirect("admin:campaigns_sequence_change", sequence.pk)
    known = {f"value-{name}": text for name, text in row.values.items()}
    form = FillForm(row.template, request.POST or None, initial={**known, "url": row.link})
    if request.method == "POST" and form.is_valid():
        before = row.values
        row.values, row.link = dict(form.message.values), form.message.url
        row.save(update_fields=["values", "link"])
        _noted(request, sequence, _("Filled in the template of a message"), before, row.values)
        return redirect("admin:campaigns_sequence_change", sequence.pk)
    return _page(request, sequence, "sequence_fill", _("Fill in the template"), form=form, step=row)


def _noted(request: HttpRequest, sequence: Sequence, note: str, *values: audit.Values) -> None:
    audit.record(request, sequence, note, *values)
    messages.success(request, note)


def _page(
    request: HttpRequest, sequence: Sequence, template: str, title: StrOrPromise, **context: Any
) -> HttpResponse:
    page = frame(request, title, opts=Sequence._meta, sequence=sequence, **context)
    return TemplateResponse(request, f"campaigns/{template}.html", page)
