"""How a sequence does, who is in it, and the values of a step's template."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.pages import remark_of_row
from accounts.rights import Area, Rights, choose_account
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, report
from wechat.kernel.row_ids import row_id
from wechat.pushes.fill_form import FillForm

SHOWN = 50
OPEN = [Enrolment.State.RUNNING, Enrolment.State.PAUSED]


def show(request: HttpRequest, pk: int) -> HttpResponse:
    """The report, and those who are in it now, newest first."""
    sequence = _found(request, pk)
    inside = Enrolment.objects.filter(sequence=sequence, state__in=OPEN)
    if before := row_id(request.GET.get("before", "")):
        inside = inside.filter(pk__lt=before)
    rows = list(inside.annotate(remark=remark_of_row()).order_by("-pk")[: SHOWN + 1])
    context = {
        "lines": report.steps(sequence),
        "counted": report.people([sequence])[sequence.pk],
        "inside": rows[:SHOWN],
        "more": rows[SHOWN - 1].pk if len(rows) > SHOWN else None,
        "may_change": _may_change(request, sequence),
    }
    return _page(request, sequence, "sequence_report", _("Report"), **context)


def remove(request: HttpRequest, pk: int, enrolment: int) -> HttpResponse:
    sequence = _found(request, pk, change=True)
    row = get_object_or_404(Enrolment, pk=enrolment, sequence=sequence)
    enrolling.remove(row)
    _noted(request, sequence, _("Took %(who)s out of the sequence") % {"who": row.openid})
    return redirect("admin:campaigns_sequence_report", pk)


def fill(request: HttpRequest, pk: int, step: int) -> HttpResponse:
    """The values of the template that goes out instead of a step."""
    sequence = _found(request, pk, change=True)
    row = get_object_or_404(SequenceStep.objects.select_related("template"), pk=step, sequence=sequence)
    if row.template is None:
        return redirect("admin:campaigns_sequence_change", pk)
    known = {f"value-{name}": text for name, text in row.values.items()}
    form = FillForm(row.template, request.POST or None, initial={**known, "url": row.link})
    if request.method == "POST" and form.is_valid():
        row.values, row.link = dict(form.message.values), form.message.url
        row.save(update_fields=["values", "link"])
        _noted(request, sequence, _("Filled in the template of a message"))
        return redirect("admin:campaigns_sequence_change", pk)
    return _page(request, sequence, "sequence_fill", _("Fill in the template"), form=form, step=row)


def _found(request: HttpRequest, pk: int, *, change: bool = False) -> Sequence:
    """Raises ``PermissionDenied`` without the right to its account."""
    sequence = get_object_or_404(Sequence.objects.select_related("account", "channel"), pk=pk)
    rights = Rights.of(request.user)
    if not rights.may_view(Area.SENDING, sequence.account_id):
        raise PermissionDenied
    if change and not _may_change(request, sequence):
        raise PermissionDenied
    choose_account(request, sequence.account_id)
    return sequence


def _may_change(request: HttpRequest, sequence: Sequence) -> bool:
    return Rights.of(request.user).may_change(Area.SENDING, sequence.account_id)


def _noted(request: HttpRequest, sequence: Sequence, note: str) -> None:
    assert isinstance(request.user, User)
    LogEntry.objects.log_actions(request.user.pk, [sequence], CHANGE, note)
    messages.success(request, note)


def _page(
    request: HttpRequest, sequence: Sequence, template: str, title: StrOrPromise, **context: Any
) -> HttpResponse:
    frame = {**admin.site.each_context(request), "title": title, "opts": Sequence._meta}
    return TemplateResponse(request, f"campaigns/{template}.html", {**frame, "sequence": sequence, **context})
