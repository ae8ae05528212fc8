"""The registrations of campaigns: the cause of sent messages, the use of files, an event for webhooks."""

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.campaigns import approval
from wechat.campaigns.mass import approval as mass_approval
from wechat.campaigns.mass import handlers as mass_handlers
from wechat.campaigns.models import Campaign, SequenceStep, Variant
from wechat.campaigns.sequences import handlers as sequence_handlers
from wechat.console import page_paths
from wechat.contents.models import pages_of
from wechat.inbox.answerers import Answerer, named
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.webhooks import events

# Registered by being imported.
__all__ = ["approval", "campaigns", "campaigns_with", "mass_approval", "mass_handlers", "sequence_handlers"]


events.register(
    "campaign.finished",
    gettext_lazy("A campaign has finished"),
    {"campaign": {"id": 1, "name": "春季上新", "finished_at": "2026-03-02T10:00:00+08:00"}},
)


@named("campaign", gone=gettext_lazy("a campaign that was deleted"))
def campaigns(ids: Sequence[str]) -> Mapping[str, Answerer]:
    found = Campaign.objects.filter(pk__in=[each for each in ids if each.isdecimal()])
    return {
        str(pk): Answerer(
            _("campaign “%(name)s”") % {"name": name}, reverse("admin:campaigns_campaign_change", args=[pk])
        )
        for pk, name in found.values_list("pk", "name")
    }


@usage.register
def campaigns_with(asset: Asset) -> list[str]:
    using = Variant.objects.filter(Q(asset=asset) | Q(cover=asset))
    names = using.values_list("campaign__name", flat=True).distinct()
    return [_("campaign “%(name)s”") % {"name": name} for name in names]


@page_paths.used.register
def pages(account_id: int) -> Iterator[page_paths.Pairs]:
    """Yields the queries of the pages that messages of campaigns and sequences open."""
    for rows in (
        Variant.objects.filter(campaign__account=account_id),
        SequenceStep.objects.filter(sequence__account=account_id),
    ):
        yield rows.exclude(pagepath="").order_by().values_list("appid", "pagepath")
        yield pages_of(rows)
