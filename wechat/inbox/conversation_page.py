"""A follower's conversation as a chat, older messages a page at a time."""

import datetime

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware
from django.utils.translation import gettext as _

from accounts.models import Follower, OfficialAccount
from accounts.rights import Area, Rights, choose_account
from wechat.inbox import conversation
from wechat.inbox.models import InboundMessage


def address(row: InboundMessage) -> str:
    return reverse("admin:inbox_conversation", args=(row.account_id, row.openid))


def show(request: HttpRequest, account_id: int, openid: str) -> HttpResponse:
    account = _viewable(request, account_id)
    choose_account(request, account.pk)
    before = _moment(request.GET.get("before", ""))
    context = {
        **admin.site.each_context(request),
        "title": _("Conversation"),
        "page": conversation.page(account, openid, before),
        "before": before,
        "openid": openid,
        "follower": Follower.objects.filter(account=account, openid=openid).first(),
    }
    return TemplateResponse(request, "inbox/conversation.html", context)


def _viewable(request: HttpRequest, account_id: int) -> OfficialAccount:
    """Whoever may not see the account learns no more than that there is nothing."""
    rights = Rights.of(request.user)
    if account_id not in rights.accounts or not rights.may_view(Area.MESSAGES, account_id):
        raise Http404
    return rights.accounts[account_id]


def _moment(text: str) -> datetime.datetime | None:
    """Nonsense is the newest page, as if nothing had been asked."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and is_aware(moment) else None
