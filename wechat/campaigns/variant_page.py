"""The page of one variant of a campaign: its texts, for each way a message may be sent."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.staff import audit
from accounts.staff.gate import frame, object_page
from accounts.staff.rights import Area
from wechat.campaigns import snapshot
from wechat.campaigns.forms import ServiceForm, ValuesForm, of_variant
from wechat.campaigns.models import Campaign, Variant
from wechat.campaigns.page_rows import all_campaigns
from wechat.campaigns.test_send import words_for
from wechat.campaigns.wording import title_of, variables_of
from wechat.console import edit_conflicts
from wechat.contents import preview
from wechat.contents.preview import Filling
from wechat.contents.text_editor import offered

LETTERS = "ABCD"
NO_DRAFT = gettext_lazy("Somebody sent the campaign on its way meanwhile: it is no longer a draft.")


@object_page(all_campaigns, Area.SENDING, change=True)
@edit_conflicts.locks_row
def show(request: HttpRequest, campaign: Campaign, letter: str) -> HttpResponse:
    if letter not in LETTERS:
        raise Http404
    if not campaign.is_editable:
        messages.error(request, _("Only a draft can be edited. Take it back first, or cancel it."))
        return redirect("admin:campaigns_campaign_change", campaign.pk)
    variant = campaign.variants.filter(letter=letter).first() or Variant(campaign=campaign, letter=letter)
    service, template = _forms(request, campaign, variant)
    asked = [form for form in (service, template) if form is not None]
    # Both forms are checked, so that all mistakes are shown at once.
    if request.method == "POST" and all([form.is_valid() for form in asked]):  # noqa: C419 - see above
        return _saved(request, campaign, variant, template)
    context = frame(
        request,
        title_of(variant),
        campaign=campaign,
        variant=variant,
        service=service,
        template_form=template,
        variables=offered(variables_of(campaign)),
    )
    return TemplateResponse(request, "campaigns/variant.html", context)


def _forms(
    request: HttpRequest, campaign: Campaign, variant: Variant
) -> tuple[ServiceForm | None, ValuesForm | None]:
    data: Any = request.POST or None
    variables = variables_of(campaign)
    service = ServiceForm(campaign, data, instance=variant) if campaign.uses_service else None
    template = None
    if campaign.uses_template and campaign.template:
        initial = of_variant(variant) if variant.pk else {}
        # The other form has fields of the same names, such as the link of a card.
        common = {"variables": variables, "initial": initial, "prefix": "template"}
        template = ValuesForm(campaign, campaign.template, data, **common)
    return service, template


def _saved(
    request: HttpRequest, campaign: Campaign, variant: Variant, template: ValuesForm | None
) -> HttpResponse:
    """Saves the variant, which the form of the customer-service message has filled already."""
    if template is not None:
        message = template.message
        variant.values, variant.url = dict(message.values), message.url
        variant.appid, variant.pagepath = message.appid, message.pagepath
    with transaction.atomic():
        drafts = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign.pk)
        if drafts.filter(state=Campaign.State.DRAFT).exists():
            variant.save()
            snapshot.invalidate(campaign)
            audit.record(request, campaign, _("Wrote variant %s.") % variant.letter)
        else:
            messages.error(request, NO_DRAFT)
    return redirect("admin:campaigns_campaign_change", campaign.pk)


@require_POST
@object_page(all_campaigns, Area.SENDING, change=True)
def delete(request: HttpRequest, campaign: Campaign, letter: str) -> HttpResponse:
    with transaction.atomic():
        drafts = Campaign.objects.select_for_update(no_key=True).filter(pk=campaign.pk)
        if drafts.filter(state=Campaign.State.DRAFT).exists():
            campaign.variants.filter(letter=letter).delete()
            snapshot.invalidate(campaign)
            audit.record(request, campaign, _("Deleted variant %s.") % letter)
        else:
            messages.error(request, NO_DRAFT)
    return redirect("admin:campaigns_campaign_change", campaign.pk)


def next_letter(campaign: Campaign) -> str:
    """Returns the letter for a further variant; the empty text if all letters are taken."""
    taken = set(campaign.variants.values_list("letter", flat=True))
    return next((letter for letter in LETTERS if letter not in taken), "")


@require_POST
@object_page(all_campaigns, Area.SENDING, posts_change=False)
def text_preview(request: HttpRequest, campaign: Campaign) -> JsonResponse:
    """Returns the preview of a text that is being written.

    Its variables have the values of one follower or, without an ``openid``, their names.
    """
    text, openid = preview.text_of(request), request.POST.get("openid", "")[:64]
    longest = words_for(campaign, "o" * 28, campaign.rows.order_by("pk").first())
    if not openid:
        return preview.answer(text, Filling(preview.by_label(variables_of(campaign)), longest))
    row = campaign.rows.filter(openid=openid).first() or campaign.rows.order_by("pk").first()
    return preview.answer(text, Filling(words_for(campaign, openid, row), longest))
