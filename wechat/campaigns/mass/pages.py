"""The pages for the actions on a mass send: send, preview, take back, delete at WeChat."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.followers.segments import UnknownCondition
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import frame, object_page, reader
from accounts.staff.rights import Area
from wechat.articles.forms import PreviewForm
from wechat.campaigns.mass import allowance, approval, bodies, planning, sending, words
from wechat.campaigns.mass.forms import SendForm
from wechat.campaigns.models import MassPreview, MassSend
from wechat.console import simultaneous_saves, typed_word
from wechat.kernel import work
from wechat.replies.models import Rule
from wechat.sdk.calls.mass import LEAST_OPENIDS, MOST_OPENIDS

State, Target = MassSend.State, MassSend.Target


def _sends() -> "QuerySet[MassSend]":
    return MassSend.objects.select_related("account", "tag", "segment", "draft", "asset")


_changeable = object_page(_sends, Area.SENDING, change=True)


@_changeable
@simultaneous_saves.checks_again
def send(request: HttpRequest, found: MassSend) -> HttpResponse:
    """Shows the current numbers and problems of a mass send, and schedules it once that is confirmed.

    A mass send to everybody is confirmed a second time.
    """
    if request.method == "POST":
        # What is being saved comes before or after this, never between the look at it and the plan.
        found.refresh_from_db(from_queryset=_sends().select_for_update(of=("self",), no_key=True))
    if not found.may_be_edited:
        return _back(found.pk)
    form = SendForm(request.POST or None)
    at = form.cleaned_data["at"] if form.is_valid() else None
    numbers, problems = _preflight(found, at)
    seen = approval.fingerprint_of(found.pk)
    agreed = form.is_valid() and not problems
    if agreed and request.POST.get("seen") != seen:
        messages.error(request, _("The mass send has changed since you saw it. Look again, then send it."))
        agreed = False
    word = _("everybody")
    if agreed and (found.target != Target.ALL or typed_word.is_typed(request, word)):
        return _planned(request, found, at)
    needs_another = (
        numbers is not None
        and not problems
        and approval.needs_another(found, numbers.will_get, reader(request))
    )
    context = {
        "form": form,
        "at": at,
        "numbers": numbers,
        "problems": problems,
        "seen": seen,
        "second_person": needs_another,
        "calls": _calls(found, numbers),
        **allowances(found.account),
        **typed_word.context(request, word),
    }
    return _page(request, found, "mass_sure" if agreed else "mass_send", _("Mass send"), **context)


def _calls(found: MassSend, numbers: allowance.Arithmetic | None) -> int | None:
    """Returns the number of calls that a mass send to single followers takes; ``None`` for any other."""
    if numbers is None or found.target not in (Target.SEGMENT, Target.LIST):
        return None
    return -(-numbers.will_get // MOST_OPENIDS)


@_changeable
def preview(request: HttpRequest, found: MassSend) -> HttpResponse:
    form = PreviewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wechat_id = form.cleaned_data["wechat_id"]
        MassPreview.objects.create(send=found, wechat_id=wechat_id, due_at=timezone.now())
        work.wake("campaigns.mass_preview")
        audit.record_with_message(request, found, _("Sent a preview to %(who)s") % {"who": wechat_id})
        return _back(found.pk)
    return _page(request, found, "mass_preview", _("Preview on a phone"), form=form)


@_changeable
def take_back(request: HttpRequest, found: MassSend) -> HttpResponse:
    if planning.take_back(found):
        audit.record_with_message(request, found, _("Took the plan to send back"))
    else:
        messages.error(request, _("It has begun already."))
    return _back(found.pk)


@_changeable
def delete(request: HttpRequest, found: MassSend) -> HttpResponse:
    if not found.may_be_deleted_there:
        messages.error(request, _("There is nothing at WeChat that could be deleted."))
        return _back(found.pk)
    word = _("delete")
    if typed_word.is_typed(request, word):
        sending.delete(found)
        audit.record_with_message(request, found, _("Had the content deleted at WeChat"))
        return _back(found.pk)
    context = typed_word.context(request, word)
    return _page(request, found, "mass_delete", _("Delete what was sent"), **context)


def allowances(account: OfficialAccount) -> dict[str, Any]:
    """Returns a context with the calendar of the month and the allowance that is left."""
    now = timezone.now()
    return {
        "weekdays": [str(name)[:3] for name in Rule.Weekday.labels],
        "weeks": allowance.weeks(account, now),
        "month": localtime(now),
        "monthly": account.kind == OfficialAccount.Kind.SERVICE,
        "left_to_all": allowance.left_to_all(account, now),
        "planned_to_some": allowance.planned_to_some(account, now),
        "month_counts": allowance.month_counts(account, now),
        "spent_today": allowance.is_spent_today(account, now),
    }


def _preflight(found: MassSend, at: Any) -> tuple[allowance.Arithmetic | None, list[str]]:
    """Returns the numbers of a mass send at that time, and the problems that prevent it, in words.

    The numbers are ``None`` if the segment is broken.
    """
    when = at or timezone.now()
    mark = bodies.problem(found)
    problems = [words.MARKS[mark]] if mark and mark != "file" else []
    try:
        numbers = allowance.arithmetic(found, when, with_planned=True)
    except UnknownCondition as error:
        return None, [*map(str, problems), str(error)]
    if allowance.is_spent_today(found.account, when):
        problems.append(_("The mass send of that day is used or planned already; choose another day."))
    least = LEAST_OPENIDS if found.target in (Target.SEGMENT, Target.LIST) else 1
    if numbers.will_get < least:
        problems.append(words.MARKS["too_few"] if least > 1 else _("Nobody would get it."))
    elif found.is_articles and least > 1 and numbers.will_get > MOST_OPENIDS:
        problems.append(words.MARKS["articles_once"])
    return numbers, [str(problem) for problem in problems]


def _planned(request: HttpRequest, found: MassSend, at: Any) -> HttpResponse:
    if (waits := approval.ask(found, at, reader(request))) is not None:
        audit.record(request, found, _("Asked for approval: %(when)s") % {"when": approval.when(at)})
        return redirect("admin:approvals_approval", waits.pk)
    if not planning.plan(found, at, reader(request).pk):
        messages.error(request, _("Somebody has sent it already."))
        return _back(found.pk)
    audit.record_with_message(
        request, found, _("Confirmed the mass send: %(when)s") % {"when": approval.when(at)}
    )
    return _back(found.pk)


def _back(pk: int) -> HttpResponse:
    return redirect("admin:campaigns_masssend_change", pk)


def _page(
    request: HttpRequest, found: MassSend, template: str, title: StrOrPromise, **context: Any
) -> HttpResponse:
    page = frame(request, title, send=found, opts=MassSend._meta, **context)
    return TemplateResponse(request, f"campaigns/{template}.html", page)
