"""How long access tokens are still valid."""

from collections.abc import Iterator

from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts.official.models import StoredToken
from wechat.kernel.exposition import gauges


@gauges("tokens")
def tokens() -> Iterator[Metric]:
    """Seconds that each token and ticket has left; below zero once it is over."""
    left = GaugeMetricFamily("wechat_token_left_seconds", "Time a token is still valid", labels=["token"])
    now = timezone.now()
    for name, expires_at in StoredToken.objects.values_list("name", "expires_at"):
        left.add_metric([name], (expires_at - now).total_seconds())
    yield left
