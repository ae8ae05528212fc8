"""The page that edits a segment, with the number of followers in it now."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers import segments, selection
from accounts.followers.models import Follower, Segment
from accounts.followers.segment_form import ConditionForm, SegmentForm, conditions, rows_in
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, entered, frame, object_page
from accounts.staff.rights import Area
from wechat.console import edit_conflicts, simultaneous_saves


@account_page(Area.FOLLOWERS, change=True)
@simultaneous_saves.checks_again
def add(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    return _page(request, account, None)


@object_page(lambda: Segment.objects.select_related("account"), Area.FOLLOWERS, posts_change=False)
@edit_conflicts.locks_row
def show(request: HttpRequest, segment: Segment) -> HttpResponse:
    return _page(request, segment.account, segment)


def _page(request: HttpRequest, account: OfficialAccount, segment: Segment | None) -> HttpResponse:
    """Saves the segment on "Save"; otherwise shows the page again with the posted conditions.

    With ``part`` in the request only the conditions and the number of followers are sent.
    """
    made = segment or Segment(account=account)
    words_before = _in_words(made) if segment else ""
    if request.method == "POST":
        form, rows = SegmentForm(request.POST, instance=made, account=account), rows_in(request.POST)
    else:
        form, rows = SegmentForm(instance=made, account=account), made.conditions
    filled = conditions(account, rows)
    if "save" in request.POST and form.is_valid() and all(each.is_valid() for each in filled):
        return _save(request, form, filled, words_before)
    context = frame(
        request,
        _("Segment"),
        segment=segment,
        form=form,
        conditions=filled,
        show_errors="save" in request.POST,
        **_counted(account, filled, any_of=form["match"].value() == Segment.Match.ANY),
    )
    template = "segment_rows" if request.POST.get("part") else "segment"
    return TemplateResponse(request, f"followers/{template}.html", context)


def _save(
    request: HttpRequest, form: SegmentForm, filled: Sequence[ConditionForm], words_before: str
) -> HttpResponse:
    if not entered(request).may_change:
        raise PermissionDenied
    flag = CHANGE if form.instance.pk else ADDITION
    form.instance.conditions = [each.row for each in filled]
    segment = form.save()
    name = str(_("conditions"))
    audit.record(request, segment, "", {name: words_before}, {name: _in_words(segment)}, flag=flag)
    messages.success(request, _("The segment “%(name)s” is saved.") % {"name": segment.name})
    return redirect("admin:followers_segment_changelist")


def _in_words(segment: Segment) -> str:
    return " · ".join(segments.in_words(segment.account, segment.conditions))


def _counted(account: OfficialAccount, filled: Sequence[ConditionForm], *, any_of: bool) -> dict[str, Any]:
    """Returns the number of followers that meet the conditions, once all of the conditions are filled in."""
    if not all(each.is_valid() for each in filled):
        return {"count": None}
    try:
        asked = segments.query(account, [each.row for each in filled], any_of=any_of)
    except segments.UnknownCondition:
        return {"count": None}
    count, exact = selection.count(Follower.objects.filter(asked, account=account))
    return {"count": count, "exact": exact}
