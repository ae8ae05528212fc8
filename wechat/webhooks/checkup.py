"""The doctor's findings on endpoints that accept nothing, or whose deliveries cannot be signed."""

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, examines
from accounts.official.models import OfficialAccount
from wechat.webhooks.models import Endpoint


def _all_of(account: OfficialAccount) -> QuerySet[Endpoint]:
    """Returns the endpoints of the account, and those of its API clients."""
    return Endpoint.objects.filter(Q(account=account) | Q(client__accounts=account)).select_related("client")


@examines
def endpoints(account: OfficialAccount) -> Iterator[Finding]:
    for endpoint in _all_of(account).filter(failing_since__isnull=False):
        since = f"{timezone.localtime(endpoint.failing_since):%Y-%m-%d %H:%M}"
        words = {"url": endpoint.url, "since": since}
        if endpoint.enabled:
            yield Finding(
                Level.WARNING,
                _("The webhook %(url)s has taken nothing since %(since)s.") % words,
                _("Look at its deliveries for what it answers."),
            )
        else:
            yield Finding(
                Level.FAULT,
                _("The webhook %(url)s is switched off: it has taken nothing since %(since)s.") % words,
                _("Mend the receiver, then have the system subscribe again.")
                if endpoint.client
                else _("Mend the receiver, send it a sample, and switch it on again."),
            )


@examines
def unsigned(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a fault for each endpoint of the account, or of its clients, whose secret no key opens."""
    for endpoint in _all_of(account).filter(enabled=True):
        if endpoint.is_unsigned:
            yield Finding(
                Level.FAULT,
                _("No key of FIELD_ENCRYPTION_KEYS opens the secret of the webhook %(url)s: it waits.")
                % {"url": endpoint.url},
                _("Put the key back that it was stored with and restart; if it is lost, make a new secret."),
            )
