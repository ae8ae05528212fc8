"""The doctor's findings on endpoints that accept nothing, or whose deliveries cannot be signed."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.official.doctor import Finding, Level, examines
from accounts.official.models import OfficialAccount
from wechat.webhooks.models import Endpoint


@examines
def endpoints(account: OfficialAccount) -> Iterator[Finding]:
    for endpoint in Endpoint.objects.filter(account=account, failing_since__isnull=False):
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
                _("Mend the receiver, send it a sample, and switch it on again."),
            )


@examines
def unsigned(account: OfficialAccount) -> Iterator[Finding]:
    """Yields a fault for each endpoint of the account, or of its clients, whose secret no key opens."""
    ours = Q(account=account) | Q(client__accounts=account)
    for endpoint in Endpoint.objects.filter(ours, enabled=True).select_related("client"):
        if endpoint.is_unsigned:
            yield Finding(
                Level.FAULT,
                _("No key of FIELD_ENCRYPTION_KEYS opens the secret of the webhook %(url)s: it waits.")
                % {"url": endpoint.url},
                _("Put the key back that it was stored with and restart; if it is lost, make a new secret."),
            )
