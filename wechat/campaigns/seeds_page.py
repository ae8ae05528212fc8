"""The test group of an account: the followers who see every campaign first."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from wechat.campaigns.models import Seed
from wechat.pushes.fill_form import known_openid

MOST = 50


@account_page(Area.SENDING)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    if request.method == "POST":
        _changed(request, account)
        return redirect("admin:campaigns_seeds")
    openids = list(Seed.objects.filter(account=account).order_by("pk").values_list("openid", flat=True))
    known = {each.openid: each for each in Follower.objects.filter(account=account, openid__in=openids)}
    seeds = [(openid, known.get(openid)) for openid in openids]
    context = frame(request, _("Test group"), seeds=seeds)
    return TemplateResponse(request, "campaigns/seeds.html", context)


def _changed(request: HttpRequest, account: OfficialAccount) -> None:
    if remove := request.POST.get("remove"):
        Seed.objects.filter(account=account, openid=remove).delete()
        audit.record(request, account, _("Took a follower out of the test group."))
        return
    if Seed.objects.filter(account=account).count() >= MOST:
        messages.error(request, _("The test group has %d followers already; that is enough.") % MOST)
        return
    try:
        openid = known_openid(account, request.POST.get("follower", ""))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return
    Seed.objects.get_or_create(account=account, openid=openid)
    audit.record(request, account, _("Took a follower into the test group."))
