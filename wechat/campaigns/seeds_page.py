"""The page of an account's test group: the followers who see every campaign first."""

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.followers.person_picker import PersonField
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.campaigns.models import Seed
from wechat.console.phrases import joined

MOST = 50


class SeedForm(forms.Form):
    follower = PersonField()

    def __init__(self, account: OfficialAccount, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(PersonField, self.fields["follower"]).for_account(account.pk)


@account_page(Area.SENDING)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        _changed(request, account)
        return redirect("admin:campaigns_seeds")
    openids = list(Seed.objects.filter(account=account).order_by("pk").values_list("openid", flat=True))
    known = people.of(account.pk, openids)
    seeds = [known[openid] for openid in openids]
    context = frame(request, _("Test group"), seeds=seeds, form=SeedForm(account))
    return TemplateResponse(request, "campaigns/seeds.html", context)


def _changed(request: HttpRequest, account: OfficialAccount) -> None:
    if remove := request.POST.get("remove"):
        Seed.objects.filter(account=account, openid=remove).delete()
        audit.record(request, account, _("Took a follower out of the test group."))
        return
    if Seed.objects.filter(account=account).count() >= MOST:
        messages.error(request, _("The test group has %d followers already; that is enough.") % MOST)
        return
    form = SeedForm(account, request.POST)
    if not form.is_valid():
        messages.error(request, joined(form.errors["follower"]))
        return
    openid = form.cleaned_data["follower"]
    Seed.objects.get_or_create(account=account, openid=openid)
    audit.record(request, account, _("Took a follower into the test group."))
