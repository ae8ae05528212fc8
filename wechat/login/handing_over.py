"""The handover of a login to another site of the owner: a code in the address, exchanged server to server."""

import datetime
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db.models import Q
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.login.digests import digest
from wechat.login.models import Handover, Visitor
from wechat.login.return_addresses import Destination

LIFE = datetime.timedelta(seconds=60)
PARAMETER = "login_code"


def address_with_code(destination: Destination, visitor: Visitor) -> str:
    """Returns the site's address with a new code."""
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
    """Returns the visitor of a code, once.

    ``None`` for a code that is not valid for this client, or no longer.
    """
    mine = Handover.objects.filter(
        Q(site__client=None) | Q(site__client=client),
        digest=digest(code),
        site__account=account,
        expires_at__gt=timezone.now(),
    )
    found = mine.select_related("visitor").first()
    # Of two simultaneous requests, the one that deletes the row gets the visitor.
    spent = found is not None and Handover.objects.filter(pk=found.pk).delete()[0] == 1
    return found.visitor if found is not None and spent else None
