"""The gauge of open exceptions."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from payments.bills.models import Discrepancy
from payments.merchants.models import Merchant
from wechat.kernel.exposition import gauges


@gauges("exceptions")
def exceptions() -> Iterator[Metric]:
    """Yields the number of open exceptions of all merchants, by an index that starts with the merchant."""
    merchants = list(Merchant.objects.values_list("pk", flat=True))
    exceptions = Discrepancy.objects.filter(merchant__in=merchants, state=Discrepancy.State.OPEN).count()
    yield GaugeMetricFamily("wechat_exceptions_open", "Exceptions that wait for finance", value=exceptions)
