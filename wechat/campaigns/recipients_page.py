"""The page of a campaign's recipients, filtered by state and reason, and their export as a file."""

from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.approvals.models import Approval
from accounts.followers import export_approval, people
from accounts.followers.exporting import mask
from accounts.followers.handles import handle_name
from accounts.followers.person_picker import PersonField
from accounts.staff import audit, personal_data
from accounts.staff.gate import frame, object_page, reader
from accounts.staff.rights import Area, Rights
from wechat.campaigns import figures
from wechat.campaigns.models import AudienceRow, Campaign, Recipient
from wechat.campaigns.models.recipients import OUTCOME_OF_PUSH
from wechat.campaigns.page_rows import all_campaigns
from wechat.console import downloads
from wechat.console.big_tables import Keyset
from wechat.console.tables.writing import Row
from wechat.pushes import batches

OF_THEIR_OWN = frozenset(Recipient.State) - {Recipient.State.QUEUED}
OF_PUSHES = frozenset(OUTCOME_OF_PUSH.values())
PER_PAGE = 50
SLICE = 2_000


class RecipientFilter(forms.Form):
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False,
        choices=[("", gettext_lazy("All")), *Recipient.Outcome.choices],
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    openid = PersonField(required=False, strangers=True)

    def __init__(self, campaign: Campaign, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["openid"]).for_account(campaign.account_id)
        reason: Any = self.fields["reason"]
        reason.choices = [("", _("All")), *figures.REASONS.items()]

    def address(self, campaign: Campaign) -> str:
        """Returns the address of the page of recipients with this filter."""
        page = reverse("admin:campaigns_recipients", args=[campaign.pk])
        chosen = {name: self.data[name] for name in self.fields if self.data.get(name)}
        return f"{page}?{urlencode(chosen)}" if chosen else page

    def narrowed(self, campaign: Campaign) -> "QuerySet[Recipient]":
        """Returns the campaign's recipients that match the filter, each with its push."""
        rows = campaign.recipients.select_related("push")
        if not self.is_valid():
            return rows
        if openid := self.cleaned_data["openid"]:
            rows = rows.filter(openid=openid)
        return _ended(campaign, rows, self.cleaned_data["state"], self.cleaned_data["reason"])


def _ended(
    campaign: Campaign, rows: "QuerySet[Recipient]", outcome: str, reason: str
) -> "QuerySet[Recipient]":
    """Returns the recipients with this outcome and this reason; an empty text stands for any."""
    if not outcome and not reason:
        return rows
    own, pushes = Q(push=None), batches.of(campaign.cause)
    if outcome:
        own &= Q(state=outcome)
        pushes = pushes.filter(
            state__in=[push for push, became in OUTCOME_OF_PUSH.items() if became == outcome]
        )
    if reason:
        own, pushes = own & Q(reason=reason), pushes.filter(reason=reason)
    sides = [
        side
        for side, known in ((own, OF_THEIR_OWN), (Q(push__in=pushes), OF_PUSHES))
        if not outcome or outcome in known
    ]
    return rows.filter(reduce(or_, sides))


@object_page(all_campaigns, Area.SENDING)
def show(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    form = RecipientFilter(campaign, request.GET)
    rows = form.narrowed(campaign).order_by("-pk")
    page = Keyset(rows, PER_PAGE, request.GET.get("p", ""))
    context = frame(
        request,
        _("Recipients of “%(name)s”") % {"name": campaign},
        campaign=campaign,
        form=form,
        rows=_shown(campaign, page.shown),
        older=_link(request, page.older),
        newer=_link(request, page.newer),
        query=request.GET.urlencode(),
    )
    return TemplateResponse(request, "campaigns/recipients.html", context)


@require_POST
@object_page(all_campaigns, Area.SENDING, posts_change=False)
def export(request: HttpRequest, campaign: Campaign) -> HttpResponseBase:
    """Returns the filtered recipients as CSV, or asks for the approval of the file.

    OpenIDs are masked for staff who may not change followers.
    """
    personal_data.check_export(request, campaign.account_id)
    form = RecipientFilter(campaign, request.GET)
    rows = form.narrowed(campaign)
    may_change = Rights.of(request.user).may_change(Area.FOLLOWERS, campaign.account_id)
    hidden = personal_data.is_hidden_from_reader(campaign.account_id)
    masked = hidden or not may_change
    if not masked and (waits := _ask_for_recipients(request, campaign, form, rows.count())) is not None:
        return redirect("admin:approvals_approval", waits.pk)
    audit.record(request, campaign, _("Downloaded the recipients."))
    return downloads.as_csv_stream(
        _lines(campaign, rows, masked=masked, hidden=hidden), f"campaign-{campaign.pk}-recipients"
    )


def _ask_for_recipients(
    request: HttpRequest, campaign: Campaign, form: RecipientFilter, size: int
) -> Approval | None:
    return export_approval.ask_for_file(
        export_approval.EXPORT,
        campaign.account_id,
        reader(request),
        title=_("File of recipients: %(campaign)s") % {"campaign": campaign},
        size=size,
        page=form.address(campaign),
    )


def _lines(campaign: Campaign, rows: "QuerySet[Recipient]", *, masked: bool, hidden: bool) -> Iterator[Row]:
    """Yields the lines of the file from the newest recipient on, read in slices to save memory.

    ``masked`` masks the OpenIDs; with ``hidden`` the followers are named by their handles.
    """
    yield [
        "OpenID",
        _("follower"),
        _("state"),
        _("reason"),
        _("by which way"),
        _("variant"),
        _("tapped"),
        _("note"),
    ]
    last: int | None = None
    while part := list((rows if last is None else rows.filter(pk__lt=last)).order_by("-pk")[:SLICE]):
        notes = _notes(campaign, part)
        known = people.of(campaign.account_id, (row.openid for row in part))
        for row in part:
            openid = mask(row.openid) if masked else row.openid
            name = handle_name(row.openid) if hidden else known[row.openid].name
            yield [openid, name, *_cells(row, notes.get(row.openid, ""))]
        last = part[-1].pk


def _cells(row: Recipient, note: str) -> Row:
    return [
        str(row.outcome.label),
        reason_of(row),
        row.get_kind_display() if row.kind else "",
        row.letter,
        f"{timezone.localtime(row.tapped_at):%Y-%m-%d %H:%M}" if row.tapped_at else "",
        note,
    ]


def reason_of(row: Recipient) -> str:
    return str(figures.REASONS.get(row.why, row.why))


def _shown(campaign: Campaign, rows: list[Recipient]) -> list[dict[str, Any]]:
    """Returns a page of recipients with the values of all columns, looked up for all rows at once."""
    openids = [row.openid for row in rows]
    known = people.of(campaign.account_id, openids)
    notes = _notes(campaign, rows)
    return [
        {
            "row": row,
            "reason": reason_of(row),
            "note": notes.get(row.openid, ""),
            "person": known.get(row.openid),
        }
        for row in rows
    ]


def _notes(campaign: Campaign, rows: list[Recipient]) -> dict[str, str]:
    """Returns the problems of the recipients' rows in the table, by OpenID."""
    wrong = [row.openid for row in rows if row.state == Recipient.State.EXCLUDED]
    found = AudienceRow.objects.filter(campaign=campaign, openid__in=wrong).exclude(note="")
    return dict(found.values_list("openid", "note"))


def _link(request: HttpRequest, cursor: str) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query["p"] = cursor
    return f"?{query.urlencode()}"
