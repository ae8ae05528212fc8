"""The signed links that count who taps them.

``/l/<number>-<signature>`` leads to the link of a campaign's recipient, that of their own variant;
``/l/s<number>-<signature>`` to that of a message of a sequence (``sequences.links``); neither anywhere else.
"""

import base64
from collections.abc import Mapping
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
    return signed("campaign_link", recipient_id)


def signed(name: str, number: int) -> str:
    """Returns the address of the link with this number; ``name`` is that of its URL."""
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=[number, _signature(name, number)])


def show(request: HttpRequest, recipient_id: int, signature: str) -> HttpResponse:
    """Notes the tap and goes on to where the link leads."""
    check("campaign_link", recipient_id, signature)
    mine = Recipient.objects.select_related("campaign__account").filter(pk=recipient_id).first()
    if mine is None:
        raise Http404
    if mine.tapped_at is None:
        Recipient.objects.filter(pk=mine.pk, tapped_at=None).update(tapped_at=timezone.now())
    line = AudienceRow.objects.filter(campaign=mine.campaign_id, openid=mine.openid).first()
    words = {**(line.words if line else {}), "openid": mine.openid, "account": mine.campaign.account.name}
    return leading_to(_target(mine), words)


def check(name: str, number: int, signature: str) -> None:
    """Checks the signature of a link. Raises ``Http404`` for an address that was made up."""
    if not constant_time_compare(signature, _signature(name, number)):
        raise Http404


def leading_to(target: str, words: Mapping[str, str]) -> HttpResponse:
    """Returns a redirect to an address with the words in it, made anew each time.

    Raises ``Http404`` if there is none.
    """
    if not target:
        raise Http404
    answer = HttpResponseRedirect(fill_address(target, words))
    answer["Cache-Control"] = "no-store"
    return answer


def _target(mine: Recipient) -> str:
    """Returns the link of the wording they got, by the way they got it."""
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


def _signature(name: str, number: int) -> str:
    text = f"{name.replace('_', ' ')} {number}"
    digest = HMAC.new(settings.SECRET_KEY.encode(), text.encode(), SHA256).digest()
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()
