"""The page of a dry run: what would happen to the chosen follower, without anything being sent."""

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import people
from accounts.followers.person_picker import PersonField
from accounts.staff.gate import frame, object_page
from accounts.staff.rights import Area
from wechat.campaigns.models import Enrolment, Sequence
from wechat.campaigns.sequences import dry_run
from wechat.campaigns.sequences.report import OPEN
from wechat.campaigns.sequences.timeline_page import sequences


class PersonForm(forms.Form):
    follower = PersonField(label=gettext_lazy("Follower"))

    def __init__(self, account_id: int, data: QueryDict | None) -> None:
        super().__init__(data)
        field = self.fields["follower"]
        assert isinstance(field, PersonField)
        field.for_account(account_id)


@object_page(sequences, Area.SENDING)
def show(request: HttpRequest, sequence: Sequence) -> HttpResponse:
    form = PersonForm(sequence.account_id, request.GET or None)
    openid = form.cleaned_data["follower"] if form.is_valid() else ""
    context = frame(
        request,
        _("Dry run"),
        opts=Sequence._meta,
        sequence=sequence,
        form=form,
        person=people.one(sequence.account_id, openid) if openid else None,
        way=dry_run.simulate(sequence, openid, timezone.now()) if openid else [],
        is_in_it=bool(openid)
        and Enrolment.objects.filter(sequence=sequence, openid=openid, state__in=OPEN).exists(),
    )
    return TemplateResponse(request, "campaigns/sequence_dry_run.html", context)
