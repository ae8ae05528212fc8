"""The recipients of a campaign one by one, by state and reason, on the page and as a file."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import StreamingHttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.exporting import mask
from accounts.gate import frame, object_page
from accounts.models import Follower
from accounts.rights import Area, Rights
from wechat.campaigns import figures
from wechat.campaigns.models import AudienceRow, Campaign, Recipient
from wechat.campaigns.pages import all_campaigns
from wechat.kernel.pages import Keyset
from wechat.kernel.tables import downloads
from wechat.kernel.tables.writing import Row
from wechat.pushes.models import Push

PER_PAGE = 50
SLICE = 2_000


class RecipientFilter(forms.Form):
    state = forms.ChoiceField(
        label=gettext_lazy("State"), required=False,
        choices=[("", gettext_lazy("All")), *Recipient.State.choices],
    )  # fmt: skip
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), required=False)
    openid = forms.CharField(label=gettext_lazy("The whole OpenID"), required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reason: Any = self.fields["reason"]
        reason.choices = [("", _("All")), *figures.REASONS.items()]

    def narrowed(self, rows: "QuerySet[Recipient]") -> "QuerySet[Recipient]":
        if not self.is_valid():
            return rows
        return rows.filter(**{name: value for name, value in self.cleaned_data.items() if value})


@object_page(all_campaigns, Area.SENDING)
def show(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    form = RecipientFilter(request.GET)
    rows = form.narrowed(campaign.recipients.order_by("-pk"))
    page = Keyset(rows, PER_PAGE, request.GET.get("p", ""))
    context = frame(
        request,
        _("Recipients of “%(name)s”") % {"name": campaign},
        campaign=campaign,
        form=form,
        rows=_told(campaign, page.shown),
        older=_link(request, page.older),
        newer=_link(request, page.newer),
        query=request.GET.urlencode(),
    )
    return TemplateResponse(request, "campaigns/recipients.html", context)


@object_page(all_campaigns, Area.SENDING)
def export(request: HttpRequest, campaign: Campaign) -> StreamingHttpResponse:
    """The same rows as CSV; OpenIDs are masked for those who may not change followers."""
    form = RecipientFilter(request.GET)
    rows = form.narrowed(campaign.recipients.all())
    masked = not Rights.of(request.user).may_change(Area.FOLLOWERS, campaign.account_id)
    audit.record(request, campaign, _("Downloaded the recipients."))
    return downloads.as_csv_stream(
        _lines(campaign, rows, masked=masked), f"campaign-{campaign.pk}-recipients"
    )


def _lines(campaign: Campaign, rows: "QuerySet[Recipient]", *, masked: bool) -> Iterator[Row]:
    """A slice at a time, from the newest, in little memory."""
    yield ["OpenID", _("state"), _("reason"), _("by which way"), _("variant"), _("tapped"), _("note")]
    last: int | None = None
    while part := list((rows if last is None else rows.filter(pk__lt=last)).order_by("-pk")[:SLICE]):
        notes = _notes(campaign, part)
        yield from (_cells(row, notes.get(row.openid, ""), masked=masked) for row in part)
        last = part[-1].pk


def _cells(row: Recipient, note: str, *, masked: bool) -> Row:
    return [
        mask(row.openid) if masked else row.openid,
        row.get_state_display(),
        reason_of(row),
        row.get_kind_display() if row.kind else "",
        row.letter,
        f"{timezone.localtime(row.tapped_at):%Y-%m-%d %H:%M}" if row.tapped_at else "",
        note,
    ]


def reason_of(row: Recipient) -> str:
    return str(figures.REASONS.get(row.reason, row.reason))


def _told(campaign: Campaign, rows: list[Recipient]) -> list[dict[str, Any]]:
    """A page of them with what the columns need, looked up once for all."""
    openids = [row.openid for row in rows]
    pushes = Push.objects.filter(account=campaign.account_id, key__in=[row.key for row in rows])
    sent = {push.openid: push for push in pushes.only("pk", "openid", "sent_at", "error")}
    people = Follower.objects.filter(account=campaign.account_id, openid__in=openids)
    named = {each.openid: each for each in people}
    notes = _notes(campaign, rows)
    return [
        {
            "row": row,
            "reason": reason_of(row),
            "note": notes.get(row.openid, ""),
            "push": sent.get(row.openid),
            "follower": named.get(row.openid),
        }
        for row in rows
    ]


def _notes(campaign: Campaign, rows: list[Recipient]) -> dict[str, str]:
    """What is wrong with somebody's row of the table."""
    wrong = [row.openid for row in rows if row.state == Recipient.State.EXCLUDED]
    found = AudienceRow.objects.filter(campaign=campaign, openid__in=wrong).exclude(note="")
    return dict(found.values_list("openid", "note"))


def _link(request: HttpRequest, cursor: str) -> str:
    if not cursor:
        return ""
    query = request.GET.copy()
    query["p"] = cursor
    return f"?{query.urlencode()}"
