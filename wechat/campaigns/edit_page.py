"""The page on which a draft is edited: audience, kind of message and time of a campaign."""

from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from accounts.official.models import OfficialAccount
from accounts.staff import audit
from accounts.staff.gate import account_page, frame, object_page, reader
from accounts.staff.rights import Area
from wechat.campaigns import snapshot, wording
from wechat.campaigns.forms import CampaignForm
from wechat.campaigns.models import Campaign
from wechat.campaigns.page_rows import all_campaigns
from wechat.console import edit_conflicts
from wechat.console.phrases import joined, listed


@account_page(Area.SENDING, change=True)
def add(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    return _page(request, account, None)


@object_page(all_campaigns, Area.SENDING, change=True)
@edit_conflicts.locks_row
def show(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    return _page(request, campaign.account, campaign)


def _page(request: HttpRequest, account: OfficialAccount, campaign: Campaign | None) -> HttpResponse:
    if campaign and not campaign.is_editable:
        messages.error(request, _("Only a draft can be edited. Take it back first, or cancel it."))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    form = CampaignForm(account, request.POST or None, request.FILES or None, instance=campaign)
    if request.method == "POST" and form.is_valid() and (saved := _saved(request, form)):
        return saved
    title = _("Edit the campaign") if campaign else _("A new campaign")
    return TemplateResponse(
        request, "campaigns/edit.html", frame(request, title, form=form, campaign=campaign)
    )


def _saved(request: HttpRequest, form: CampaignForm) -> HttpResponse | None:
    """Saves the campaign and returns a redirect to the next page.

    Returns ``None`` if the table is unusable, or if the campaign stopped being a draft in the meantime.
    """
    is_new = form.instance.pk is None
    with transaction.atomic():
        if not is_new and not _lock(form.instance.pk):
            form.add_error(
                None, _("Somebody sent the campaign on its way meanwhile: it is no longer a draft.")
            )
            return None
        if is_new:
            form.instance.author = reader(request)
        campaign = form.save()
        if not form.load_table():
            transaction.set_rollback(True)
            return None
        snapshot.invalidate(campaign)
        changed = listed(audit.changed_in(form))
        audit.record(request, campaign, changed, flag=ADDITION if is_new else CHANGE)
    if is_new or not campaign.variants.exists():
        return redirect("admin:campaigns_variant", campaign.pk, "A")
    try:
        wording.check(campaign)
    except ValidationError as error:
        messages.warning(request, joined(error.messages))
    return redirect("admin:campaigns_campaign_change", campaign.pk)


def _lock(pk: int) -> bool:
    drafts = Campaign.objects.select_for_update(no_key=True).filter(pk=pk, state=Campaign.State.DRAFT)
    return drafts.exists()
