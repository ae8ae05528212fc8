"""The page of a follower's conversation, as a chat that loads older messages page by page."""

import datetime

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from accounts.followers import people
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff.gate import Gate, frame, gated_page
from accounts.staff.rights import Area, Rights
from wechat.inbox import conversation
from wechat.inbox.models import InboundMessage


def address(row: InboundMessage) -> str:
    return reverse("admin:inbox_conversation", args=(row.account_id, row.openid))


def _account(request: HttpRequest, pk: int) -> OfficialAccount | None:
    return Rights.of(request.user).accounts.get(pk)


@gated_page(_account, lambda _request, account: account.pk, Gate(Area.MESSAGES))
def show(request: HttpRequest, account: OfficialAccount, openid: str) -> HttpResponse:
    before = _moment(request.GET.get("before", ""))
    context = frame(
        request,
        _("Conversation"),
        page=conversation.page(account, openid, before),
        before=before,
        openid=openid,
        person=people.one(account.pk, openid),
        follower=Follower.objects.filter(account=account, openid=openid).first(),
    )
    return TemplateResponse(request, "inbox/conversation.html", context)


def _moment(text: str) -> datetime.datetime | None:
    """Returns the moment; ``None``, which means the newest page, for an invalid text."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None
