"""The doctor's findings about endpoints that accept nothing."""

from collections.abc import Iterator

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
