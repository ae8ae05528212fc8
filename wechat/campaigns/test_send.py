"""The test messages of a campaign, sent to one person or to the test group."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.crypto import get_random_string

from wechat.campaigns import dispatch, wording
from wechat.campaigns.models import AudienceRow, Campaign, Seed
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue, queue_template
from wechat.sdk import template_messages
from wechat.sdk.stored_content import from_dict

Kind = Push.Kind


def send(campaign: Campaign, openids: Iterable[str]) -> list[Push]:
    """Queues every variant of a campaign for each of the openids, in the way that they would get it.

    Raises ``FileNotReady``, and ``ValidationError`` if the content does not fit the campaign's settings.
    """
    wording.check(campaign)
    mark = get_random_string(8)
    first = campaign.rows.order_by("pk").first()
    pushes = []
    for openid in openids:
        words = words_for(campaign, openid, first)
        for variant in campaign.variants.select_related("asset", "cover").order_by("letter"):
            kind = _kind(campaign, openid)
            payload = dispatch.content(variant, kind, words)
            key = f"campaign-test:{campaign.pk}:{mark}:{openid}:{variant.letter}"
            pushes.append(_queued(campaign, openid, kind, payload, key))
    return pushes


def words_for(campaign: Campaign, openid: str, row: AudienceRow | None) -> dict[str, str]:
    """Returns the values of the variables for a follower; of a campaign with a table, those of ``row``."""
    return {**(row.words if row else {}), "openid": openid, "account": campaign.account.name}


def seeds(campaign: Campaign) -> list[str]:
    return list(Seed.objects.filter(account=campaign.account_id).values_list("openid", flat=True))


def _kind(campaign: Campaign, openid: str) -> str:
    template = campaign.template
    if template is None or not campaign.uses_template:
        return Kind.SERVICE
    allowed = campaign.uses_service and windows.left(campaign.account, openid, timezone.now()).left
    return Kind.SERVICE if allowed else template.kind


def _queued(campaign: Campaign, openid: str, kind: str, payload: dict[str, object], key: str) -> Push:
    cause = campaign.cause
    if kind == Kind.SERVICE:
        content = from_dict(payload)
        return queue(account=campaign.account, openid=openid, content=content, key=key, cause=cause)
    assert campaign.template is not None
    message = template_messages.from_dict(campaign.template.platform_id, payload)
    return queue_template(
        account=campaign.account, openid=openid, message=message, key=key, kind=Kind(kind), cause=cause
    )
