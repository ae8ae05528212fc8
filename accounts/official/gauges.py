"""The gauges of access tokens, daily quotas and the list of WeChat's addresses."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts.official import callback_addresses, quotas
from accounts.official.models import StoredToken
from wechat.kernel.exposition import gauges


@gauges("tokens")
def tokens() -> Iterator[Metric]:
    """Yields the seconds that each token and ticket is still valid; negative after its end."""
    left = GaugeMetricFamily("wechat_token_left_seconds", "Time a token is still valid", labels=["token"])
    now = timezone.now()
    for name, expires_at in StoredToken.objects.values_list("name", "expires_at"):
        left.add_metric([name], (expires_at - now).total_seconds())
    yield left


@gauges("quotas")
def quotas_left() -> Iterator[Metric]:
    """Yields the daily quotas by account and API that were read within the last two hours."""
    labels = ["account", "api"]
    left = GaugeMetricFamily("wechat_quota_left", "Calls of the day that are left", labels=labels)
    limit = GaugeMetricFamily("wechat_quota_limit", "Calls a day", labels=labels)
    for account, quota in quotas.recent():
        left.add_metric([account, quota.path], quota.left)
        limit.add_metric([account, quota.path], quota.limit)
    yield left
    yield limit


@gauges("callback_addresses")
def allow_list() -> Iterator[Metric]:
    """Yields the age of the list of WeChat's addresses in seconds; infinite if it was never read.

    Without ``CALLBACK_ALLOW_LIST`` there is no value.
    """
    age = GaugeMetricFamily("wechat_callback_addresses_age_seconds", "Age of the list of WeChat's addresses")
    if settings.CALLBACK_ALLOW_LIST:
        read_at = callback_addresses.read_at()
        age.add_metric([], (timezone.now() - read_at).total_seconds() if read_at else float("inf"))
    yield age
