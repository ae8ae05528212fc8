"""The page of the account's access token and ticket: age, expiry, and who fetched or refused them."""

import datetime
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount, StoredToken, TokenEvent
from accounts.operations import token_readers
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area

SHOWN = 30
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token on the page; ``kept`` is ``None`` if there is none at present."""

    label: StrOrPromise
    kept: StoredToken | None
    is_valid: bool
    minutes_left: int
    refused_today: int


@account_page(Area.SETTINGS)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    """Shows the age and expiry of tokens, and the processes that fetched them; never a token itself."""
    names = {
        f"access_token:{account.token_kind}:{account.appid}": _("Access token"),
        f"jsapi_ticket:{account.appid}": _("JS-SDK ticket"),
    }
    events = TokenEvent.objects.filter(name__in=names).order_by("-id")
    context = frame(
        request,
        _("Tokens"),
        tokens=_shown(names),
        events=[(each, names[each.name]) for each in events[:SHOWN]],
        readers=token_readers.of(account),
    )
    return TemplateResponse(request, "operations/tokens.html", context)


def _shown(names: dict[str, str]) -> list[ShownToken]:
    now = timezone.now()
    kept = {each.name: each for each in StoredToken.objects.filter(name__in=names)}
    refused = TokenEvent.objects.filter(
        name__in=names, what=TokenEvent.What.REFUSED, at__gte=now - DAY
    ).values_list("name", flat=True)
    counts = list(refused)
    shown = []
    for name, label in names.items():
        row = kept.get(name)
        left = row.expires_at - now if row else datetime.timedelta(0)
        minutes = max(0, round(left.total_seconds() / 60))
        shown.append(ShownToken(label, row, left > datetime.timedelta(0), minutes, counts.count(name)))
    return shown
