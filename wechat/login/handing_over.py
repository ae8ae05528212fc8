"""The login on another site of the same owner: a code in the address, exchanged server to server."""

import datetime
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db.models import Q
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.login.digests import digest
from wechat.login.models import Handover, Visitor
from wechat.login.returning import Destination

LIFE = datetime.timedelta(seconds=60)
PARAMETER = "login_code"


def address_with_code(destination: Destination, visitor: Visitor) -> str:
    """Returns the site's address with a fresh code."""
    assert destination.site is not None
    code = secrets.token_urlsafe(32)
    expires_at = timezone.now() + LIFE
    Handover.objects.create(
        digest=digest(code), site=destination.site, visitor=visitor, expires_at=expires_at
    )
    parts = urlsplit(destination.url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
    return urlunsplit(parts._replace(query=urlencode([*query, (PARAMETER, code)])))


def exchange(client: ApiClient, account: OfficialAccount, code: str) -> Visitor | None:
    """Returns who the code stands for, once.

    ``None`` for a code that is not (or no longer) for this client.
    """
    mine = Handover.objects.filter(
        Q(site__client=None) | Q(site__client=client),
        digest=digest(code),
        site__account=account,
        expires_at__gt=timezone.now(),
    )
    found = mine.select_related("visitor").first()
    # Of two that come at once, the one whose delete finds the row has it.
    spent = found is not None and Handover.objects.filter(pk=found.pk).delete()[0] == 1
    return found.visitor if found is not None and spent else None
