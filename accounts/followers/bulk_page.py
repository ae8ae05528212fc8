"""The page of bulk actions: selection, action, a preview of its effects, and the start of the job."""

from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import export_approval, job_requests, selection, tagging
from accounts.followers.models import Tag
from accounts.official.models import OfficialAccount
from accounts.staff import audit, personal_data
from accounts.staff.gate import account_page, entered, frame, reader
from accounts.staff.rights import Area
from wechat.kernel.row_ids import row_id
from wechat.sdk.calls.tags import TAGGING_BATCH

TAGGING = ("tag", "untag")
ACTIONS = [
    ("tag", gettext_lazy("Add a tag")),
    ("untag", gettext_lazy("Take off a tag")),
    ("block", gettext_lazy("Put on the blacklist")),
    ("unblock", gettext_lazy("Take off the blacklist")),
    ("export", gettext_lazy("Export to a file")),
]
FORMATS = [("xlsx", gettext_lazy("Excel")), ("csv", gettext_lazy("CSV"))]
# Above this number the effects are not counted: the page must not wait for the count.
FORECAST_AT_MOST = 50_000


class BulkForm(forms.Form):
    action = forms.ChoiceField(label=gettext_lazy("What to do"), choices=ACTIONS)
    tag = forms.ModelChoiceField(
        Tag.objects.none(),
        label=gettext_lazy("tag"),
        required=False,
        empty_label=gettext_lazy("Please choose"),
    )
    format = forms.ChoiceField(label=gettext_lazy("Format"), choices=FORMATS, required=False)

    def __init__(self, account: OfficialAccount, *args: Any, may_change: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["tag"].queryset = Tag.objects.filter(account=account).exclude(state=Tag.State.DELETING)
        for name, actions in (("tag", TAGGING), ("format", ("export",))):
            fields[name].widget.attrs |= {"data-shown-by": "action", "data-shown-for": " ".join(actions)}
        if not may_change:
            fields["action"].choices = [action for action in ACTIONS if action[0] == "export"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("action") in TAGGING and not cleaned.get("tag") and "tag" not in self.errors:
            self.add_error("tag", _("Choose the tag."))
        return cleaned

    @property
    def details(self) -> dict[str, Any]:
        if self.cleaned_data["action"] in TAGGING:
            return {"tag": self.cleaned_data["tag"].pk}
        if self.cleaned_data["action"] == "export":
            return {"format": self.cleaned_data["format"] or "xlsx"}
        return {}


@account_page(Area.FOLLOWERS, posts_change=False)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the actions, and after "Continue" their effects; only "Do it" starts the job."""
    may_change = entered(request).may_change
    query = request.POST.get("selection", request.GET.urlencode())
    details = _details(account, query)
    form = BulkForm(
        account,
        request.POST or None,
        may_change=may_change,
        initial={"format": "xlsx", "action": request.GET.get("action")},
    )
    chosen = request.method == "POST" and form.is_valid()
    if chosen and "sure" in request.POST:
        return _start(request, account, form, details)
    rows = selection.followers_of(account, details)
    count, exact = selection.count(rows)
    context = frame(
        request,
        _("For many followers"),
        form=form,
        selection=query,
        count=count,
        exact=exact,
        chosen=chosen,
        picked="ids" in details,
        effects=_effects(form, rows, count) if chosen else [],
        action=dict(ACTIONS).get(form.cleaned_data["action"]) if chosen else "",
    )
    return TemplateResponse(request, "followers/bulk.html", context)


def _details(account: OfficialAccount, query: str) -> dict[str, Any]:
    """Returns the selection as details of a job: the ticked followers, or those under the list's filters."""
    asked = QueryDict(query)
    ids = [pk for each in asked.get("ids", "").split(",") if (pk := row_id(each))]
    return {"ids": ids} if ids else selection.everybody(account, query)


def _effects(form: BulkForm, rows: Any, count: int) -> list[str]:
    """Returns sentences about the effects of the action, with the numbers that can be counted at once."""
    action, tag = form.cleaned_data["action"], form.cleaned_data["tag"]
    if action == "export":
        return [_("A file with %(count)s rows is made in the background.") % {"count": f"{count:,}"}]
    if action == "tag" and count <= FORECAST_AT_MOST:
        forecast = tagging.forecast(tag, rows)
        return [
            _("%(count)s get the tag “%(tag)s”.") % {"count": f"{forecast.gets:,}", "tag": tag},
            _("%(count)s have it already.") % {"count": f"{forecast.has:,}"},
            _("%(count)s have 20 tags, the most WeChat allows, and are left out.")
            % {"count": f"{forecast.full:,}"},
            _("WeChat is told in about %(calls)s calls.")
            % {"calls": f"{-(-forecast.gets // TAGGING_BATCH):,}"},
        ]
    if action == "block":
        return [
            _("What they send does not arrive here any more, and nothing can be sent to them."),
        ]
    return []


def _start(
    request: HttpRequest, account: OfficialAccount, form: BulkForm, details: dict[str, Any]
) -> HttpResponse:
    may_change = entered(request).may_change
    if form.cleaned_data["action"] != "export" and not may_change:
        raise PermissionDenied
    total, _exact = selection.count(selection.followers_of(account, details))
    job_details = {**details, **form.details}
    if form.cleaned_data["action"] == "export":
        personal_data.check_export(request, account.pk)
        job_details["hidden"] = personal_data.is_hidden_from_reader(account.pk)
        job_details["masked"] = not may_change or job_details["hidden"]
        if (
            not job_details["masked"]
            and (waits := export_approval.ask(account, job_details, reader(request))) is not None
        ):
            audit.record(request, waits, _("Asked for approval."))
            return redirect("admin:approvals_approval", waits.pk)
    job = job_requests.ask(account, form.cleaned_data["action"], job_details, reader(request), total=total)
    audit.record(request, job, str(job), flag=ADDITION)
    return redirect("admin:followers_job", job.pk)
