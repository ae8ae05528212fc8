"""Links that count who taps them: ``/l/<number>-<signature>``, signed, so that nobody can make them up.

It leads to the link of the recipient's own variant and nowhere else.
"""

import base64
from typing import Any

from Crypto.Hash import HMAC, SHA256
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from wechat.campaigns.models import AudienceRow, Recipient
from wechat.kernel.placeholders import fill_address
from wechat.pushes.models import Push

SIGNATURE_BYTES = 9


def address(recipient_id: int) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(
        "campaign_link", args=[recipient_id, _signature(recipient_id)]
    )


def show(request: HttpRequest, recipient_id: int, signature: str) -> HttpResponse:
    """Notes the tap and goes on to where the link leads."""
    if not _is_signed(recipient_id, signature):
        raise Http404
    mine = Recipient.objects.select_related("campaign__account").filter(pk=recipient_id).first()
    if mine is None:
        raise Http404
    if mine.tapped_at is None:
        Recipient.objects.filter(pk=mine.pk, tapped_at=None).update(tapped_at=timezone.now())
    line = AudienceRow.objects.filter(campaign=mine.campaign_id, openid=mine.openid).first()
    words = {**(line.words if line else {}), "openid": mine.openid, "account": mine.campaign.account.name}
    target = _target(mine)
    if not target:
        raise Http404
    answer = HttpResponseRedirect(fill_address(target, words))
    answer["Cache-Control"] = "no-store"
    return answer


def _target(mine: Recipient) -> str:
    """The link of the wording they got, by the way they got it."""
    variant = mine.campaign.variants.filter(letter=mine.letter).first()
    if variant is None:
        return ""
    return of_content(variant.content) if mine.kind == Push.Kind.SERVICE else variant.url


def of_content(content: dict[str, Any]) -> str:
    """Returns where a tap on the content leads: an article card is the only one with a link of its own."""
    articles = content.get("articles") or [{}]
    return str(articles[0].get("url", ""))


def in_content(content: dict[str, Any], link: str) -> dict[str, Any]:
    if not link or not of_content(content):
        return content
    first, *others = content["articles"]
    return {**content, "articles": [{**first, "url": link}, *others]}


def _signature(recipient_id: int) -> str:
    digest = HMAC.new(settings.SECRET_KEY.encode(), f"campaign link {recipient_id}".encode(), SHA256).digest()
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()


def _is_signed(recipient_id: int, signature: str) -> bool:
    return constant_time_compare(signature, _signature(recipient_id))
